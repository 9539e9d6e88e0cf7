// A recursive descent over pipeline text that looks every name, place and parameter up in a table.
#include "plugin_allowlist.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <unordered_set>

namespace autopass {
namespace {

// One permitted parameter. A word stands for itself, or with a High for all words of `Text` and so
// many hex digits; an integer is `Text` (such as
// "max-iterations=", or nothing) followed by a decimal number from Low to High.
struct Parameter {
  const char *Text;
  bool IsInteger;
  bool IsRequired;
  long Low;
  long High;
};

// What may follow a name: `Count` entries of Parameters from `First` on.
struct Range {
  unsigned First;
  unsigned Count;
};

// A pass, and the kinds of list it may stand in: 'm'odule, 'c'gscc, 'f'unction, 'l'oop.
// LLVM ends the compile when a pass that loses MemorySSA changes a loop in loop-mssa(...).
enum MemorySSA { Irrelevant, Required, Preserved, Lost };
struct Pass {
  const char *Name;
  const char *Levels;
  MemorySSA Mssa;
  Range Params;
};

// A name with a list of its own, as in "function(...)": which lists it stands in, and what it
// holds.
struct Adaptor {
  const char *Name;
  const char *Inside;
  char Holds;
  Range Params;
};

// Written by autopass_cc/toolchain/table.py from the allow-list of one LLVM major: Parameters,
// Passes and Adaptors (sorted by name), MaxDepth and MaxElements.
#include "allowlist.inc"

template <typename Row, size_t Size>
const Row *find(const Row (&Table)[Size], const std::string &Name) {
  const Row *Found = std::lower_bound(
      std::begin(Table), std::end(Table), Name,
      [](const Row &Entry, const std::string &Wanted) { return Wanted.compare(Entry.Name) > 0; });
  return Found != std::end(Table) && Name == Found->Name ? Found : nullptr;
}

// Words of a kind, of which there may be several.
bool isMany(const Parameter &P) { return !P.IsInteger && P.High != 0; }

bool isPermitted(const Parameter &P, const std::string &Text) {
  if (!P.IsInteger && !isMany(P))
    return Text == P.Text;
  const size_t Length = std::strlen(P.Text);
  if (Text.compare(0, Length, P.Text) != 0)
    return false;
  if (isMany(P))
    return Text.size() == Length + static_cast<size_t>(P.High) &&
           Text.find_first_not_of("0123456789abcdef", Length) == std::string::npos;
  const std::string Number = Text.substr(Length);
  if (Number.empty() || Number.size() > 9 ||
      Number.find_first_not_of("0123456789") != std::string::npos)
    return false;
  const long Value = std::stol(Number);
  return P.Low <= Value && Value <= P.High;
}

// `Text` is what stands between < and >: words separated by semicolons, empty ones ignored as LLVM
// ignores them (it prints "gvn<>" and "loop-vectorize<...;>" itself).
bool parametersPermitted(const Range &Allowed, const std::string &Text) {
  const Parameter *First = Parameters + Allowed.First;
  const Parameter *Last = First + Allowed.Count;
  std::unordered_set<const Parameter *> Seen;
  size_t Begin = 0;
  while (Begin <= Text.size()) {
    const size_t End = std::min(Text.find(';', Begin), Text.size());
    const std::string One = Text.substr(Begin, End - Begin);
    Begin = End + 1;
    if (One.empty())
      continue;
    const Parameter *Found =
        std::find_if(First, Last, [&One](const Parameter &P) { return isPermitted(P, One); });
    if (Found == Last || (!Seen.insert(Found).second && !isMany(*Found)))
      return false;
  }
  return std::all_of(First, Last,
                     [&Seen](const Parameter &P) { return !P.IsRequired || Seen.count(&P) != 0; });
}

class Checker {
public:
  explicit Checker(const std::string &Text) : Text(Text) {}

  const char *check() {
    const char *Reason = list('m', "", 1);
    return Reason == nullptr && At != Text.size() ? "bad-pipeline" : Reason;
  }

private:
  const char *list(char Level, const std::string &Around, unsigned Depth) {
    if (Depth > MaxDepth)
      return "too-deep";
    do {
      if (const char *Reason = element(Level, Around, Depth))
        return Reason;
    } while (take(','));
    return nullptr;
  }

  const char *element(char Level, const std::string &Around, unsigned Depth) {
    if (++Count > MaxElements)
      return "too-long";
    const size_t End = std::min(Text.find_first_of(",()", At), Text.size());
    const std::string Label = Text.substr(At, End - At);
    At = End;
    const size_t Open = Label.find('<');
    const std::string Name = Label.substr(0, Open);
    if (Open != std::string::npos && Label.back() != '>')
      return "bad-pipeline";
    const std::string Params =
        Open == std::string::npos ? "" : Label.substr(Open + 1, Label.size() - Open - 2);
    if (!take('('))
      return leaf(Name, Params, Level, Around);
    const Adaptor *Found = find(Adaptors, Name);
    if (Found == nullptr || std::strchr(Found->Inside, Level) == nullptr)
      return "not-allowed";
    if (!parametersPermitted(Found->Params, Params))
      return "bad-parameter";
    if (const char *Reason = list(Found->Holds, Name, Depth + 1))
      return Reason;
    return take(')') ? nullptr : "bad-pipeline";
  }

  const char *leaf(const std::string &Name, const std::string &Params, char Level,
                   const std::string &Around) {
    const Pass *Found = find(Passes, Name);
    if (Found == nullptr || std::strchr(Found->Levels, Level) == nullptr)
      return "not-allowed";
    const bool KeepsMssa = Around == "loop-mssa";
    if ((Found->Mssa == Required && !KeepsMssa) || (Found->Mssa == Lost && KeepsMssa))
      return "not-allowed";
    if (!parametersPermitted(Found->Params, Params))
      return "bad-parameter";
    return nullptr;
  }

  bool take(char Mark) {
    if (At >= Text.size() || Text[At] != Mark)
      return false;
    ++At;
    return true;
  }

  const std::string &Text;
  size_t At = 0;
  unsigned Count = 0;
};

} // namespace

const char *checkPipeline(const std::string &Text) { return Checker(Text).check(); }

} // namespace autopass
