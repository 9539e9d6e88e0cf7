// Runs a recipe's pipeline inside clang in place of the level's own, from LLVM 16 to 22.
//
// A module pass at the start of the default pipeline reads the recipe named by -autopass-recipe=,
// runs its pipeline with the same analysis managers, and raises a flag that makes every later
// optional pass of the default pipeline be skipped. Required passes (sanitizers, coroutine
// lowering, the bitcode writer) still run, and so does code generation. On any doubt the flag stays
// down and the default pipeline goes on as if there were no plugin. Nothing is ever printed.
#include "plugin_allowlist.h"
#include "plugin_passes.h"
#include "plugin_recipe.h"

#include "llvm/Analysis/InlineAdvisor.h"
#include "llvm/Analysis/InlineCost.h"
#include "llvm/Analysis/ReplayInlineAdvisor.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/PassInstrumentation.h"
#include "llvm/Passes/OptimizationLevel.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Error.h"
#include "llvm/Transforms/Scalar/LoopPassManager.h"
#include "llvm/Transforms/Scalar/LoopUnrollPass.h"
#include "llvm/Transforms/Scalar/SimpleLoopUnswitch.h"
#if LLVM_VERSION_MAJOR >= 22
#include "llvm/Plugins/PassPlugin.h"
#include "llvm/Transforms/Utils/ExtraPassManager.h"
#else
#include "llvm/Passes/PassPlugin.h"
#endif

#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

using namespace llvm;

static cl::opt<std::string> RecipePath("autopass-recipe", cl::Hidden, cl::value_desc("file"),
                                       cl::desc("Run this autopass recipe's pipeline"));

namespace {

// Shared by the callbacks of one PassBuilder, that is of one module's compilation.
struct State {
  OptimizationLevel Level = OptimizationLevel::O0;
  bool Applied = false; // from here on, optional passes are skipped
};

const char *levelName(const OptimizationLevel &Level) {
  if (Level == OptimizationLevel::O1)
    return "O1";
  if (Level == OptimizationLevel::O2)
    return "O2";
  if (Level == OptimizationLevel::O3)
    return "O3";
  if (Level == OptimizationLevel::Os)
    return "Os";
  return Level == OptimizationLevel::Oz ? "Oz" : "O0";
}

// One line to the file named by AUTOPASS_LOG, in one write. A log that cannot be written is no
// reason to disturb a build.
void log(const char *Outcome, const std::string &Digest, StringRef Module) {
  const char *File = std::getenv("AUTOPASS_LOG");
  if (File == nullptr || *File == '\0')
    return;
  const int Descriptor = ::open(File, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
  if (Descriptor < 0)
    return;
  std::string Line =
      std::string("plugin\t") + Outcome + "\t" + (Digest.empty() ? "-" : Digest) + "\t";
  for (const char C : Module)
    Line += static_cast<unsigned char>(C) < 0x20 ? '?' : C;
  Line += '\n';
  const ssize_t Written = ::write(Descriptor, Line.data(), Line.size());
  (void)Written;
  ::close(Descriptor);
}

// Modules that a pipeline given as text does not reproduce: bitcode for link-time optimisation gets
// another pipeline, coroutines come out with other frames (the identity self-test shows it), and
// the passes that count for --coverage or -fprofile-instr-generate are optional, so lost by it.
const char *checkModule(const Module &M) {
  for (const char *Flag : {"ThinLTO", "EnableSplitLTOUnit", "UnifiedLTO"})
    if (M.getModuleFlag(Flag) != nullptr)
      return "lto";
  if (M.getNamedMetadata("llvm.gcov") != nullptr)
    return "instrumented";
  constexpr StringRef Counter = "llvm.instrprof.";
  for (const Function &F : M) {
    if (F.hasFnAttribute(Attribute::PresplitCoroutine))
      return "coroutines";
    if (F.getName().substr(0, Counter.size()) == Counter)
      return "instrumented";
  }
  return nullptr;
}

// The inliner's parameters as the default pipeline sets them for a level. In a pipeline given as
// text the inliner would use those of -O2. Naming the level's own threshold as a knob changes
// nothing here, though LLVM then drops the separate thresholds for cold and small code.
InlineParams inlineParameters(const OptimizationLevel &Level) {
  InlineParams Result = getInlineParams(Level.getSpeedupLevel(), Level.getSizeLevel());
  if (Level == OptimizationLevel::O3 &&
      Result.DefaultThreshold == InlineConstants::OptAggressiveThreshold) {
    if (!Result.ColdThreshold)
      Result.ColdThreshold = 45; // InlineCost.cpp: default of -inlinecold-threshold
    if (!Result.OptSizeThreshold)
      Result.OptSizeThreshold = InlineConstants::OptSizeThreshold;
    if (!Result.OptMinSizeThreshold)
      Result.OptMinSizeThreshold = InlineConstants::OptMinSizeThreshold;
  }
  return Result;
}

// What a pipeline given as text cannot say, though the default pipeline does it. Built-in names win
// over a plugin's, so the recipe's text is given these instead.
//
// "loop-unroll-full" always means the thresholds of -O2; the default pipeline uses its level's.
constexpr char FullUnroll[] = "autopass-full-unroll";
// From LLVM 17 on, an unswitch behind indvars runs only on loops for which indvars asks for it. The
// versions that derive its manager from LoopPassManager print an unswitch of every loop; later ones
// print a name that reads as no pass at all.
constexpr char ExtraUnswitch[] = "autopass-extra-unswitch";

#if LLVM_VERSION_MAJOR >= 22
using ExtraUnswitchManager = ExtraLoopPassManager<ShouldRunExtraSimpleLoopUnswitch>;
#elif LLVM_VERSION_MAJOR >= 17
using ExtraUnswitchManager = ExtraSimpleLoopUnswitchPassManager;
#endif

std::string withOwnPasses(std::string Text) {
  const std::pair<StringRef, std::string> Renamings[] = {
      {"loop-unroll-full", FullUnroll},
#if LLVM_VERSION_MAJOR >= 17
      {"extra-simple-loop-unswitch-passes", ExtraUnswitch},
      {"indvars,simple-loop-unswitch", std::string("indvars,") + ExtraUnswitch},
#endif
  };
  for (const auto &[From, To] : Renamings)
    for (size_t At = 0; (At = Text.find(From.str(), At)) != std::string::npos; At += To.size())
      Text.replace(At, From.size(), To);
  return Text;
}

#if LLVM_VERSION_MAJOR >= 17
// `Parameters` are those of "simple-loop-unswitch", in their angle brackets; without any, the
// level's.
void addExtraUnswitch(StringRef Parameters, LoopPassManager &Passes,
                      const OptimizationLevel &Level) {
  bool NonTrivial = Level == OptimizationLevel::O3;
  bool Trivial = true;
  Parameters.consume_front("<");
  Parameters.consume_back(">");
  SmallVector<StringRef, 2> Words;
  Parameters.split(Words, ';', -1, false);
  for (StringRef Word : Words) {
    const bool On = !Word.consume_front("no-");
    (Word == "trivial" ? Trivial : NonTrivial) = On;
  }
  ExtraUnswitchManager Extra;
  Extra.addPass(SimpleLoopUnswitchPass(NonTrivial, Trivial));
  Passes.addPass(std::move(Extra));
}
#endif

// Add the pass of one of the names above; false if it is none of them.
bool addOwnPass(StringRef Name, LoopPassManager &Passes, const OptimizationLevel &Level) {
  if (Name == FullUnroll) {
    Passes.addPass(LoopFullUnrollPass(Level.getSpeedupLevel()));
    return true;
  }
#if LLVM_VERSION_MAJOR >= 17
  if (Name.consume_front(ExtraUnswitch)) {
    addExtraUnswitch(Name, Passes, Level);
    return true;
  }
#endif
  return false;
}

class RecipePass : public PassInfoMixin<RecipePass> {
public:
  RecipePass(PassBuilder &Builder, std::shared_ptr<State> Shared)
      : Builder(Builder), Shared(std::move(Shared)) {}

  PreservedAnalyses run(Module &M, ModuleAnalysisManager &MAM) {
    PreservedAnalyses Preserved = PreservedAnalyses::all();
    const char *Reason = apply(M, MAM, Preserved);
    log(Reason != nullptr ? Reason : "applied", autopass::recipeDigest(RecipePath), M.getName());
    return Preserved;
  }

  // Never itself skipped or counted by -opt-bisect-limit.
  static bool isRequired() { return true; }

private:
  // Run the recipe and raise the flag; or return the reason why not, with the module untouched.
  const char *apply(Module &M, ModuleAnalysisManager &MAM, PreservedAnalyses &Preserved) {
    Shared->Applied = false;
    autopass::Recipe Recipe;
    if (const char *Reason = autopass::readRecipe(RecipePath, Recipe))
      return Reason;
    if (Recipe.Major != LLVM_VERSION_MAJOR)
      return "other-llvm";
    if (Recipe.Level != levelName(Shared->Level))
      return "other-level";
    if (const char *Reason = autopass::checkPipeline(Recipe.Pipeline))
      return Reason;
    if (const char *Reason = checkModule(M))
      return Reason;
    ModulePassManager Pipeline;
    if (Error Failure = Builder.parsePassPipeline(Pipeline, withOwnPasses(Recipe.Pipeline))) {
      consumeError(std::move(Failure));
      return "not-parsed";
    }
    auto &Advisor = MAM.getResult<InlineAdvisorAnalysis>(M);
    if (!Advisor.tryCreate(inlineParameters(Shared->Level), InliningAdvisorMode::Default,
                           ReplayInlinerSettings{},
                           InlineContext{ThinOrFullLTOPhase::None, InlinePass::CGSCCInliner}))
      return "no-advisor";
    Preserved = Pipeline.run(M, MAM);
    Preserved.abandon<InlineAdvisorAnalysis>(); // as ModuleInlinerWrapperPass does
    Shared->Applied = true;
    return nullptr;
  }

  PassBuilder &Builder;
  std::shared_ptr<State> Shared;
};

void registerCallbacks(PassBuilder &Builder) {
  PassInstrumentationCallbacks *Instrumentation = Builder.getPassInstrumentationCallbacks();
  if (RecipePath.empty() || Instrumentation == nullptr)
    return;
  auto Shared = std::make_shared<State>();
  Instrumentation->registerShouldRunOptionalPassCallback(
      [Shared](StringRef, const auto &) { return !Shared->Applied; });
  Builder.registerPipelineParsingCallback([Shared](StringRef Name, LoopPassManager &Passes,
                                                   ArrayRef<PassBuilder::PipelineElement> Inner) {
    return Inner.empty() && addOwnPass(Name, Passes, Shared->Level);
  });
  Builder.registerPipelineParsingCallback(
      [](StringRef Name, ModulePassManager &Passes, ArrayRef<PassBuilder::PipelineElement> Inner) {
        return Inner.empty() && autopass::addModulePass(Name, Passes);
      });
  Builder.registerPipelineStartEPCallback(
      [&Builder, Shared](ModulePassManager &Passes, OptimizationLevel Level) {
        if (Level == OptimizationLevel::O0)
          return;
        Shared->Level = Level;
        Passes.addPass(RecipePass(Builder, Shared));
      });
}

} // namespace

extern "C" LLVM_ATTRIBUTE_WEAK PassPluginLibraryInfo llvmGetPassPluginInfo() {
  return {LLVM_PLUGIN_API_VERSION, "autopass", LLVM_VERSION_STRING, registerCallbacks};
}
