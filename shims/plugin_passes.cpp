// function-versions and tune-cpu, by name.
#include "plugin_passes.h"

#include "plugin_versions.h"

#include "llvm/IR/Module.h"

using namespace llvm;

namespace autopass {
namespace {

class TuneCpuPass : public PassInfoMixin<TuneCpuPass> {
public:
  explicit TuneCpuPass(StringRef Cpu) : Cpu(Cpu.str()) {}

  PreservedAnalyses run(Module &M, ModuleAnalysisManager &) {
    for (Function &F : M)
      if (!F.isDeclaration())
        F.addFnAttr("tune-cpu", Cpu);
    return PreservedAnalyses::none(); // costs of instructions are other ones now
  }

private:
  std::string Cpu;
};

// "name<parameters>": if it is `Wanted`, put what stands in the brackets into `Parameters`.
bool isNamed(StringRef Text, StringRef Wanted, StringRef &Parameters) {
  if (!Text.consume_front(Wanted) || !Text.consume_front("<") || !Text.consume_back(">"))
    return false;
  Parameters = Text;
  return true;
}

} // namespace

bool addModulePass(StringRef Name, ModulePassManager &Passes) {
  StringRef Parameters;
  if (isNamed(Name, "tune-cpu", Parameters)) {
    Passes.addPass(TuneCpuPass(Parameters));
    return true;
  }
  if (isNamed(Name, "function-versions", Parameters)) {
    Passes.addPass(FunctionVersionsPass(Parameters));
    return true;
  }
  return false;
}

} // namespace autopass
