"""What the compiler and the machine say about a program, made small: profile, remarks, features of the IR."""
