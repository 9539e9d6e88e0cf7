// The launcher: argv -> classify -> key -> look up -> exec clang. One type per step; see launcher.c
// for the order. Nothing here is freed: the process becomes clang a moment later.
#ifndef AUTOPASS_LAUNCHER_H
#define AUTOPASS_LAUNCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

// ---- reasons.c
typedef enum { DECISION_HIT, DECISION_MISS, DECISION_PASS } Decision;
typedef enum {
  REASON_NONE,
#define REASON(identifier, word, decision, sentence) REASON_##identifier,
#include "reasons.def"
#undef REASON
} Reason;
Decision reason_decision(Reason reason);
const char *reason_word(Reason reason);
const char *decision_word(Decision decision);

// ---- bytes.c: growable bytes and word lists; out of memory runs the compiler unchanged
typedef struct {
  char *data;
  size_t length, capacity;
} Bytes;
typedef struct {
  const char **items;
  size_t count, capacity;
} Words;
void *allocate(size_t size);
void bytes_add(Bytes *bytes, const void *data, size_t length);
void bytes_text(Bytes *bytes, const char *text);
void bytes_number(Bytes *bytes, long long number);
const char *bytes_string(Bytes *bytes);
void words_add(Words *words, const char *word);
const char *concatenate(const char *first, const char *second, const char *third);
const char *base_name(const char *path);
bool starts_with(const char *text, const char *prefix);
bool is_digest(const char *text);

// ---- digest.c: BLAKE2b with 16 bytes of digest (RFC 7693)
enum { DIGEST_HEX = 32 };
typedef struct {
  char hex[DIGEST_HEX + 1];
} Digest;
typedef struct {
  uint64_t state[8], length;
  size_t used;
  uint8_t block[128];
} Hasher;
void digest_begin(Hasher *hasher);
void digest_add(Hasher *hasher, const void *data, size_t length);
void digest_text(Hasher *hasher, const char *text);
Digest digest_end(Hasher *hasher);

// ---- files.c: reading files that decide what is run
typedef enum { TRUST_PRIVATE, TRUST_PROJECT } Trust;
typedef struct {
  Trust trust;
  uid_t owner; // accepted besides ourselves and root
} Trusted;
extern const Trusted trust_private;
bool trusted_status(const struct stat *status, Trusted trusted);
int open_trusted(const char *path, Trusted trusted, struct stat *status);
bool read_trusted(const char *path, Trusted trusted, size_t limit, Bytes *content);
long long modified_at(const struct stat *status);
bool each_name(const char *folder, void (*visit)(const char *name, void *context), void *context);
int open_ordinary(const char *path, struct stat *status);
bool read_ordinary(const char *path, size_t limit, Bytes *content);

// ---- response.c
bool expand_arguments(char *const *arguments, Words *expanded);

// ---- options.c
typedef enum {
  SHAPE_FLAG,
  SHAPE_JOINED,
  SHAPE_SEPARATE,
  SHAPE_EITHER,
  SHAPE_TWO,
  SHAPE_THREE,
  SHAPE_BOTH,
} Shape;
typedef enum {
  CLASS_IGNORE,
  CLASS_KEY,
  CLASS_KEY_PATH,
  CLASS_PREPROCESSOR,
  CLASS_PREPROCESSOR_PATH,
  CLASS_REFUSE,
  CLASS_PHASE,
  CLASS_QUERY,
  CLASS_COMPILE,
  CLASS_OUTPUT,
  CLASS_LANGUAGE,
  CLASS_LEVEL,
} OptionClass;
typedef struct {
  const char *text;
  size_t length;
  Shape shape;
  OptionClass meaning;
  Reason reason;
} Option;
const Option *option_find(const char *argument);
size_t option_words(const Option *option, const char *argument);

// ---- inputs.c
typedef enum { INPUT_OBJECT, INPUT_C, INPUT_CXX, INPUT_HEADER, INPUT_OTHER } InputType;
typedef struct {
  const char *name;
  InputType type;
  bool preprocessed;
} Naming;
Naming name_input(const char *path, const char *forced, bool cxx_driver);

// ---- classify.c
typedef enum { KIND_OTHER, KIND_COMPILE, KIND_LINK } Kind;
typedef struct {
  const char *option, *separator, *value; // one token of the key is the three, joined
  bool preprocessor, path;
} Token;
typedef struct {
  Kind kind;
  Reason reason; // REASON_NONE: may carry a recipe
  const char *source, *output, *level;
  const char *language; // "c" or "c++"
  bool preprocessed;
  Token *tokens;
  size_t token_count;
} Command;
Command classify(const Words *arguments, bool cxx_driver);

// ---- probe.c
bool is_probe(const Command *command, const char *directory);

// ---- environment.c
bool environment_overrides_clang(void);
bool hands_compiles_on(void);
extern const char *const recorded_variables[];
const char *data_directory(const char *directory);

// ---- names.c
typedef struct {
  const char *word, *suffix; // "clang++", "-22"
  size_t prefix;             // length of "x86_64-linux-gnu-"
} CompilerName;
bool parse_compiler_name(const char *name, CompilerName *parsed);
bool is_cxx_name(const char *name);
bool is_cache_name(const char *name);
bool is_remote_name(const char *name);

// ---- search.c: programs on PATH
typedef enum { PROGRAM_NONE, PROGRAM_SCRIPT, PROGRAM_NATIVE, PROGRAM_LAUNCHER } ProgramKind;
typedef struct {
  const char *path, *cache;
  bool native; // not a script
} Program;
ProgramKind program_kind(const char *path);
bool is_program(const char *path, Program *program);
bool search_path(const char *name, Program *program);

// ---- find_clang.c: which compiler is meant
typedef struct {
  Words prefix;       // a cache and such: what runs the compiler
  const char *path;   // NULL: there is none
  const char *shown;  // its argv[0]
  const char *wanted; // for the message that there is none
  bool cxx;
  bool driver_mode; // --driver-mode=g++ must be added
  bool native;
  bool remote;  // the prefix may run it on another machine
  bool renamed; // shown is not path
  bool nested;  // we were started by what we had started
} Compiler;
extern const char level_variable[];
size_t find_compiler(char **argv, const char *toolchains, Compiler *compiler);

// ---- toolchains.c: what is known about it
typedef enum {
  TOOLCHAIN_UNKNOWN,
  TOOLCHAIN_REFUSED,
  TOOLCHAIN_KNOBS,
  TOOLCHAIN_OK
} ToolchainStatus;
typedef struct {
  ToolchainStatus status;
  const char *id, *portable; // of the same clang on any CPU
  const char *plugin;
  int major;
} Toolchain;
Toolchain find_toolchain(const char *toolchains, const char *compiler);
size_t split_line(const char *line, const char *end, char **fields, size_t limit);

// ---- config_files.c
bool config_files_unchanged(const char *toolchains, const char *id);

// ---- tools.c, epoch.c: what else this program is, under other names
_Noreturn void run_tool(char **argv, const char *tool, const Compiler *compiler,
                        const char *toolchains);
int print_epoch(const char *directory, const char *data, const Compiler *compiler,
                const char *toolchains);

// ---- project.c
typedef struct {
  const char *root;     // NULL: not in a project
  const char *relative; // the source, relative to root; NULL when it lies outside
  Trusted trusted;
} Project;
Project find_project(const char *directory, const char *source, const struct stat *status);
const char *absolute_path(const char *directory, const char *path);
const char *path_inside(const char *root, const char *absolute);
Digest project_id(const Project *project);

// ---- keys.c
typedef struct {
  Digest source, exact, inherited;
  Digest portable_exact, portable_inherited; // the same on every CPU: for a project's lock
  bool has_source, has_exact, has_inherited, has_portable;
} Keys;
bool digest_file(int descriptor, Digest *digest);
void compute_keys(const Command *command, const Project *project, const char *directory,
                  const Toolchain *toolchain, bool portable, Keys *keys);

// ---- build.c
typedef struct {
  long long id, ticks; // its start, in clock ticks since the machine booted
  char name[16];
} Process;
long long clock_now(clockid_t clock); // ns; 0: unknown
bool find_build(Process *build);
long long process_start(const Process *process);

// ---- generations.c
int pin_generation(int current, const char *place, struct stat *status);

// ---- index.c
#define INDEX_HEADER "autopass-index 1\n"
enum { LONGEST_LINE = 4096, KEY = 1 + DIGEST_HEX };
typedef enum { LOOKUP_ABSENT, LOOKUP_HIDDEN, LOOKUP_FOUND, LOOKUP_DAMAGED } Lookup;
typedef struct {
  int descriptor;
  size_t size;
  Digest base; // the name of what lies under it; "": nothing
} Index;
bool read_at(int descriptor, size_t offset, char *buffer, size_t length);
bool is_tombstone(const Digest *recipe);
bool index_begin(int descriptor, const struct stat *status, Index *index);
bool index_narrow(const Index *index, const char *wanted, bool first, size_t *begin, size_t *end);
Lookup index_find(const Index *index, char kind, const char *key, Digest *recipe);

// ---- lock.c
Reason lock_find(const Index *lock, const Keys *keys, const char *toolchain, Digest *recipe);

// ---- lookup.c
typedef struct {
  const char *index, *recipes;
  Trusted trusted;
  const char *place; // its folder, where base and generations are; NULL: a project's lock
  bool pinned;       // builds are held to one generation
} Publication;
bool is_frozen(void);
size_t list_publications(const Project *project, const char *data, const char *directory,
                         Publication list[2]);
int open_publication(const Publication *publication, struct stat *status);
bool index_exists(const Publication *publication);
Reason look_up(const Publication *list, size_t count, const Keys *keys, const char *toolchain,
               const Publication **where, Digest *recipe);

// ---- recipe_file.c
Reason recipe_arguments(const Publication *where, const Digest *recipe, const Toolchain *toolchain,
                        const char *level, Words *arguments);

// ---- journal.c
typedef struct {
  const char *data, *directory;
  const Compiler *compiler;
  const Words *arguments;
  const Command *command;
  const Project *project;
  const Keys *keys;
  const Digest *recipe; // NULL: none applied
  Reason reason;
} Event;
bool journal_is_on(const char *data);
void journal_record(const Event *event);
void log_line(const Event *event);

// ---- launch.c: the two ways out
void launch_prepare(char **argv, const Compiler *compiler);
_Noreturn void run_unchanged(void);
_Noreturn void run_with(const Words *recipe);
_Noreturn void report_failure(const char *program, const char *wanted);

#endif
