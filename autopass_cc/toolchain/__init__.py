"""The compiler to be tuned: finding it, describing it, building the plugin for it, and proving that it can be trusted."""
