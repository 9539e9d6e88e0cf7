// Passes of our own that a recipe's pipeline may name: what LLVM has no pass for.
#ifndef AUTOPASS_PLUGIN_PASSES_H
#define AUTOPASS_PLUGIN_PASSES_H

#include "llvm/ADT/StringRef.h"
#include "llvm/IR/PassManager.h"

namespace autopass {

// function-versions<avx2;loops=N;fHASH...>: gives every function with loops nested at least N deep
// (of those named by the hashes of their names, if any are) a second version for CPUs with AVX2,
// BMI and their like, and calls it where the CPU has them. Code for other CPUs stays as it is, so
// the object runs wherever it ran before.
//
// tune-cpu<NAME>: schedules code for a CPU. The instructions that may be used stay the same.
//
// Add the pass of this name, given with its parameters, to `Passes`; false if it is none of ours.
bool addModulePass(llvm::StringRef Name, llvm::ModulePassManager &Passes);

} // namespace autopass

#endif
