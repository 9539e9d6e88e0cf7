// Second versions of functions for CPUs that can do more than the compile asks for.
#ifndef AUTOPASS_PLUGIN_VERSIONS_H
#define AUTOPASS_PLUGIN_VERSIONS_H

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/IR/PassManager.h"

namespace autopass {

class FunctionVersionsPass : public llvm::PassInfoMixin<FunctionVersionsPass> {
public:
  // `Parameters` are words as in "avx2;loops=2;f1b2a3c4d"; the allow-list has checked them.
  explicit FunctionVersionsPass(llvm::StringRef Parameters);

  llvm::PreservedAnalyses run(llvm::Module &M, llvm::ModuleAnalysisManager &);

private:
  unsigned Loops = 1;                      // how deep the loops of a function must be nested
  llvm::SmallDenseSet<uint32_t, 16> Named; // hashes of the names of functions; empty: all
};

} // namespace autopass

#endif
