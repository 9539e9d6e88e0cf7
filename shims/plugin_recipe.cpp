// Reading a recipe file. Nothing in here trusts the file: it may come from a lock file or an
// import.
#include "plugin_recipe.h"

#include <array>
#include <cctype>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace autopass {
namespace {

constexpr size_t MaxFile = 32768;
constexpr size_t MaxPipeline = 16384;
constexpr size_t DigestBytes = 16;
constexpr char Suffix[] = ".recipe";

// BLAKE2b (RFC 7693), unkeyed, 16 bytes out: what names a recipe. LLVM's Support library has none.
class Blake2b {
public:
  std::string hex(const std::string &Text) {
    H = IV;
    H[0] ^= 0x01010000 ^ DigestBytes;
    size_t Done = 0;
    while (Text.size() - Done > Block.size()) {
      std::memcpy(Block.data(), Text.data() + Done, Block.size());
      Done += Block.size();
      compress(Done, false);
    }
    Block.fill(0);
    std::memcpy(Block.data(), Text.data() + Done, Text.size() - Done);
    compress(Text.size(), true);
    std::string Out;
    for (size_t I = 0; I < DigestBytes; ++I) {
      const unsigned Byte = static_cast<unsigned>(H[I / 8] >> (8 * (I % 8))) & 0xff;
      Out += "0123456789abcdef"[Byte >> 4];
      Out += "0123456789abcdef"[Byte & 15];
    }
    return Out;
  }

private:
  using Words = std::array<uint64_t, 8>;
  static constexpr Words IV = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                               0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                               0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
  static constexpr uint8_t Sigma[10][16] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
                                            {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
                                            {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
                                            {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
                                            {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
                                            {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
                                            {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
                                            {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
                                            {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
                                            {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

  static uint64_t rotr(uint64_t X, unsigned N) { return (X >> N) | (X << (64 - N)); }

  void compress(uint64_t Count, bool Last) {
    uint64_t M[16] = {};
    uint64_t V[16];
    for (size_t I = 0; I < Block.size(); ++I)
      M[I / 8] |= static_cast<uint64_t>(Block[I]) << (8 * (I % 8));
    for (size_t I = 0; I < 8; ++I) {
      V[I] = H[I];
      V[I + 8] = IV[I];
    }
    V[12] ^= Count;
    if (Last)
      V[14] = ~V[14];
    const auto G = [&V](int A, int B, int C, int D, uint64_t X, uint64_t Y) {
      V[A] += V[B] + X;
      V[D] = rotr(V[D] ^ V[A], 32);
      V[C] += V[D];
      V[B] = rotr(V[B] ^ V[C], 24);
      V[A] += V[B] + Y;
      V[D] = rotr(V[D] ^ V[A], 16);
      V[C] += V[D];
      V[B] = rotr(V[B] ^ V[C], 63);
    };
    for (int Round = 0; Round < 12; ++Round) {
      const uint8_t *S = Sigma[Round % 10];
      for (int I = 0; I < 4; ++I)
        G(I, I + 4, I + 8, I + 12, M[S[2 * I]], M[S[2 * I + 1]]);
      for (int I = 0; I < 4; ++I)
        G(I, (I + 1) % 4 + 4, (I + 2) % 4 + 8, (I + 3) % 4 + 12, M[S[2 * I + 8]], M[S[2 * I + 9]]);
    }
    for (size_t I = 0; I < 8; ++I)
      H[I] ^= V[I] ^ V[I + 8];
  }

  Words H{};
  std::array<uint8_t, 128> Block{};
};

constexpr Blake2b::Words Blake2b::IV;
constexpr uint8_t Blake2b::Sigma[10][16];

// The whole file, at most MaxFile bytes and regular. O_NONBLOCK so that a fifo cannot hang a build.
const char *slurp(const std::string &Path, std::string &Out) {
  const int Descriptor = ::open(Path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (Descriptor < 0)
    return "no-recipe";
  const char *Reason = nullptr;
  struct stat Info = {};
  if (::fstat(Descriptor, &Info) != 0 || !S_ISREG(Info.st_mode))
    Reason = "not-a-file";
  else if (Info.st_size < 0 || static_cast<uint64_t>(Info.st_size) > MaxFile)
    Reason = "too-long";
  std::vector<char> Buffer(MaxFile + 1);
  while (Reason == nullptr) {
    const ssize_t Got = ::read(Descriptor, Buffer.data(), Buffer.size());
    if (Got < 0 && errno == EINTR)
      continue;
    if (Got < 0)
      Reason = "unreadable";
    if (Got <= 0)
      break;
    Out.append(Buffer.data(), static_cast<size_t>(Got));
    if (Out.size() > MaxFile)
      Reason = "too-long";
  }
  ::close(Descriptor);
  return Reason;
}

bool onlyOf(const std::string &Text, const char *Letters) {
  return !Text.empty() && Text.find_first_not_of(Letters) == std::string::npos;
}

// "NAME VALUE"; the values have reached clang as options already, so only the form counts here.
bool isKnob(const std::string &Text) {
  const size_t Space = Text.find(' ');
  return Space != std::string::npos &&
         onlyOf(Text.substr(0, Space),
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") &&
         onlyOf(Text.substr(Space + 1), "abcdefghijklmnopqrstuvwxyz0123456789-");
}

bool isLevel(const std::string &Text) {
  return Text == "O1" || Text == "O2" || Text == "O3" || Text == "Os" || Text == "Oz";
}

// Split into lines, every one of which must end in '\n'.
bool split(const std::string &Text, std::vector<std::string> &Lines) {
  size_t Begin = 0;
  while (Begin < Text.size()) {
    const size_t End = Text.find('\n', Begin);
    if (End == std::string::npos)
      return false;
    Lines.push_back(Text.substr(Begin, End - Begin));
    Begin = End + 1;
  }
  return true;
}

// If `Line` starts with `Key` and a space, put the rest into `Value`.
bool field(const std::string &Line, const char *Key, std::string &Value) {
  const std::string Prefix = std::string(Key) + " ";
  if (Line.compare(0, Prefix.size(), Prefix) != 0)
    return false;
  Value = Line.substr(Prefix.size());
  return true;
}

} // namespace

std::string recipeDigest(const std::string &Path) {
  const size_t Slash = Path.rfind('/');
  const std::string Name = Slash == std::string::npos ? Path : Path.substr(Slash + 1);
  if (Name.size() != 2 * DigestBytes + std::strlen(Suffix) ||
      Name.compare(2 * DigestBytes, std::string::npos, Suffix) != 0)
    return "";
  const std::string Digest = Name.substr(0, 2 * DigestBytes);
  return onlyOf(Digest, "0123456789abcdef") ? Digest : "";
}

const char *readRecipe(const std::string &Path, Recipe &Out) {
  const std::string Digest = recipeDigest(Path);
  if (Digest.empty())
    return "bad-name";
  std::string Text;
  if (const char *Reason = slurp(Path, Text))
    return Reason;
  if (Blake2b().hex(Text) != Digest)
    return "bad-digest";
  std::vector<std::string> Lines;
  std::string Major;
  if (!split(Text, Lines) || Lines.size() < 4 || Lines[0] != "autopass-recipe 1" ||
      !field(Lines[1], "llvm", Major) || !onlyOf(Major, "0123456789") || Major.size() > 3 ||
      !field(Lines[2], "level", Out.Level) || !isLevel(Out.Level))
    return "bad-recipe";
  Out.Major = static_cast<unsigned>(std::stoul(Major));
  for (size_t I = 3; I < Lines.size(); ++I) {
    std::string Value;
    if (field(Lines[I], "knob", Value)) {
      if (!isKnob(Value))
        return "bad-recipe";
    } else if (I + 1 == Lines.size() && field(Lines[I], "pipeline", Value)) {
      Out.Pipeline = Value;
      if (Value.empty())
        return "bad-recipe";
      if (Value.size() > MaxPipeline)
        return "too-long";
    } else {
      return "bad-recipe";
    }
  }
  return Out.Pipeline.empty() ? "no-pipeline" : nullptr;
}

} // namespace autopass
