// For each chosen function F, its body moves to F.base, a copy of it that may use AVX2 becomes
// F.avx2, and F itself only asks which of them this CPU can run. Calls among chosen functions go
// from base to base and from avx2 to avx2, so the question is asked where a chosen function is
// entered from outside, and copies can be inlined into each other as the originals could.
//
// The answer is a byte that a constructor sets from cpuid. Until it has run, and where constructors
// never run, the byte is zero and the base versions are used. No symbol that others see is added,
// and none that must be found elsewhere.
//
// AVX2 code gives the same results: no operation is fused (FMA is left out) or reordered.
#include "plugin_versions.h"

#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"
#if LLVM_VERSION_MAJOR >= 17
#include "llvm/TargetParser/Triple.h"
#else
#include "llvm/ADT/Triple.h"
#endif

using namespace llvm;

namespace autopass {
namespace {

// x86-64-v3 without FMA and F16C; these imply AVX and SSE up to 4.2.
constexpr char Features[] = "+avx2,+bmi,+bmi2,+lzcnt,+movbe,+popcnt";
constexpr char Suffix[] = ".avx2";
constexpr unsigned WidestArgument = 128; // bits; how wider vectors are passed depends on features
constexpr uint32_t Likely = 2000;        // LikelyBranchWeights.h: as __builtin_expect
constexpr int FirstConstructors = 101;   // up to 100 belong to the implementation

// Where the features above are told: Intel SDM, volume 2A, CPUID; AMD APM, volume 3, appendix E.
constexpr uint32_t Leaf1Ecx =
    1u << 20 | 1u << 22 | 1u << 23 | 1u << 27 | 1u << 28;  // SSE4.2, MOVBE, POPCNT, OSXSAVE, AVX
constexpr uint32_t Leaf7Ebx = 1u << 3 | 1u << 5 | 1u << 8; // BMI1, AVX2, BMI2
constexpr uint32_t ExtendedEcx = 1u << 5;                  // LZCNT
constexpr uint32_t SavedState = 6;                         // XCR0: the system keeps XMM and YMM

bool isWide(const Type *T) {
  if (const auto *Vector = dyn_cast<VectorType>(T))
    return Vector->getPrimitiveSizeInBits().getKnownMinValue() > WidestArgument;
  if (const auto *Struct = dyn_cast<StructType>(T))
    return any_of(Struct->elements(), isWide);
  const auto *Array = dyn_cast<ArrayType>(T);
  return Array != nullptr && isWide(Array->getElementType());
}

bool passesWide(const FunctionType &T) {
  return isWide(T.getReturnType()) || any_of(T.params(), isWide);
}

// Whether an instruction may stand in two copies, each in its own function.
bool mayBeCopied(const Instruction &I) {
  if (isa<IndirectBrInst, CallBrInst>(I))
    return false;
  const auto *Call = dyn_cast<CallBase>(&I);
  if (Call == nullptr)
    return true;
  if (Call->cannotDuplicate() || Call->isConvergent() || Call->hasFnAttr(Attribute::ReturnsTwice) ||
      Call->isMustTailCall() || passesWide(*Call->getFunctionType()))
    return false;
  const auto *Text = dyn_cast<InlineAsm>(Call->getCalledOperand());
  return Text == nullptr || Text->getAsmString().empty(); // text might define a label
}

unsigned depthOfLoops(Function &F) {
  const DominatorTree Dominators(F);
  const LoopInfo Loops(Dominators);
  unsigned Deepest = 0;
  for (const BasicBlock &Block : F)
    Deepest = std::max(Deepest, Loops.getLoopDepth(&Block));
  return Deepest;
}

// A function that is compiled for some CPU of its own, or must not use some instructions, is left
// alone; so is freestanding code.
bool hasPlainTarget(const Function &F) {
  const StringRef Own = F.getFnAttribute("target-features").getValueAsString();
  return Own.find('-') == StringRef::npos && Own.find("+avx") == StringRef::npos &&
         !F.hasFnAttribute("no-builtins") && !F.hasFnAttribute("use-soft-float");
}

bool isChosen(Function &F, unsigned Loops) {
  if (F.isDeclaration() || F.hasAvailableExternallyLinkage() || F.isInterposable() ||
      F.isVarArg() || F.hasSection() || F.hasGC() || F.hasPrefixData() || F.hasPrologueData())
    return false;
  if (F.getCallingConv() != CallingConv::C && F.getCallingConv() != CallingConv::Fast)
    return false;
  for (const Attribute::AttrKind Kind :
       {Attribute::Naked, Attribute::OptimizeNone, Attribute::AlwaysInline,
        Attribute::PresplitCoroutine, Attribute::Convergent, Attribute::Cold,
        Attribute::OptimizeForSize, Attribute::MinSize})
    if (F.hasFnAttribute(Kind))
      return false;
  for (const Attribute::AttrKind Kind :
       {Attribute::InAlloca, Attribute::Preallocated, Attribute::SwiftError, Attribute::SwiftSelf})
    if (F.getAttributes().hasAttrSomewhere(Kind))
      return false;
  if (passesWide(*F.getFunctionType()) || !hasPlainTarget(F))
    return false;
  for (const BasicBlock &Block : F)
    if (Block.hasAddressTaken())
      return false;
  return all_of(instructions(F), mayBeCopied) && depthOfLoops(F) >= Loops;
}

// Fowler, Noll and Vo's hash, FNV-1a: recipes name functions by it, because names can be long and
// are not ours.
uint32_t hashOf(StringRef Name) {
  uint32_t Value = 0x811c9dc5;
  for (const char C : Name)
    Value = (Value ^ static_cast<unsigned char>(C)) * 0x01000193;
  return Value;
}

struct Versions {
  Function *Base;
  Function *Wide;
};

void makePrivate(Function &F) {
  F.setLinkage(GlobalValue::InternalLinkage); // before visibility, which internal functions lack
  F.setVisibility(GlobalValue::DefaultVisibility);
  F.setDLLStorageClass(GlobalValue::DefaultStorageClass);
  F.setComdat(nullptr);
  F.setDSOLocal(true);
}

// Move the body of F, and what belongs to it, into a function of its own.
Function *moveBody(Function &F) {
  Function *Base = Function::Create(F.getFunctionType(), GlobalValue::InternalLinkage,
                                    F.getAddressSpace(), F.getName() + ".base", F.getParent());
  Base->copyAttributesFrom(&F);
  makePrivate(*Base);
  Base->splice(Base->begin(), &F);
  for (auto [From, To] : zip_equal(F.args(), Base->args())) {
    From.replaceAllUsesWith(&To);
    To.takeName(&From);
  }
  Base->copyMetadata(&F, 0);
  F.clearMetadata();
  F.setPersonalityFn(nullptr);
  return Base;
}

Function *copyBody(Function &F) {
  ValueToValueMapTy Mapping;
  Function *Wide = CloneFunction(&F, Mapping);
  Wide->setName(F.getName() + Suffix);
  makePrivate(*Wide);
  const StringRef Own = F.getFnAttribute("target-features").getValueAsString();
  Wide->addFnAttr("target-features", Own.empty() ? Features : (Own + "," + Features).str());
  return Wide;
}

void callAndReturn(IRBuilder<> &At, Function &F, Function &Callee) {
  SmallVector<Value *, 8> Arguments;
  for (Argument &Each : F.args())
    Arguments.push_back(&Each);
  CallInst *Call = At.CreateCall(&Callee, Arguments);
  const AttributeList Given = F.getAttributes();
  SmallVector<AttributeSet, 8> OfArguments;
  for (unsigned I = 0; I < F.arg_size(); ++I)
    OfArguments.push_back(Given.getParamAttrs(I));
  Call->setAttributes(
      AttributeList::get(F.getContext(), AttributeSet(), Given.getRetAttrs(), OfArguments));
  Call->setCallingConv(F.getCallingConv());
  Call->setTailCallKind(CallInst::TCK_MustTail);
  Call->setIsNoInline();
  if (F.getReturnType()->isVoidTy())
    At.CreateRetVoid();
  else
    At.CreateRet(Call);
}

void dispatch(Function &F, const Versions &To, GlobalVariable &Answer) {
  LLVMContext &Context = F.getContext();
  F.removeFnAttr(Attribute::Memory); // it reads the answer
  F.removeFnAttr(Attribute::InlineHint);
  BasicBlock *Entry = BasicBlock::Create(Context, "", &F);
  BasicBlock *Wide = BasicBlock::Create(Context, "wide", &F);
  BasicBlock *Base = BasicBlock::Create(Context, "base", &F);
  IRBuilder<> At(Entry);
  Value *Able = At.CreateIsNotNull(At.CreateLoad(At.getInt8Ty(), &Answer));
  At.CreateCondBr(Able, Wide, Base, MDBuilder(Context).createBranchWeights(Likely, 1));
  At.SetInsertPoint(Wide);
  callAndReturn(At, F, *To.Wide);
  At.SetInsertPoint(Base);
  callAndReturn(At, F, *To.Base);
}

// Let calls of chosen functions within `F` go to the versions that `pick` names.
template <typename Picker>
void redirect(Function &F, const MapVector<Function *, Versions> &Chosen, Picker Pick) {
  for (Instruction &I : instructions(F)) {
    auto *Call = dyn_cast<CallBase>(&I);
    Function *Callee = Call != nullptr ? Call->getCalledFunction() : nullptr;
    const auto Found = Callee != nullptr ? Chosen.find(Callee) : Chosen.end();
    if (Found != Chosen.end() && Call->getCallingConv() == Callee->getCallingConv())
      Call->setCalledFunction(Pick(Found->second));
  }
}

// The four registers of a cpuid leaf. The compiler may have put a pointer to the frame into rbx.
Value *cpuid(IRBuilder<> &At, uint32_t Leaf, unsigned Register) {
  Type *Word = At.getInt32Ty();
  auto *Results = StructType::get(Word, Word, Word, Word);
  auto *Type = FunctionType::get(Results, {Word, Word}, false);
  const char Text[] = "xchgq %rbx, ${1:q}\n\tcpuid\n\txchgq %rbx, ${1:q}";
  auto *Code =
      InlineAsm::get(Type, Text, "={ax},=r,={cx},={dx},0,2,~{dirflag},~{fpsr},~{flags}", true);
  return At.CreateExtractValue(At.CreateCall(Type, Code, {At.getInt32(Leaf), At.getInt32(0)}),
                               Register);
}

Value *hasAll(IRBuilder<> &At, Value *Bits, uint32_t Wanted) {
  return At.CreateICmpEQ(At.CreateAnd(Bits, At.getInt32(Wanted)), At.getInt32(Wanted));
}

// A constructor that finds out whether this CPU has the features, and the byte that it sets.
GlobalVariable *makeAnswer(Module &M) {
  LLVMContext &Context = M.getContext();
  Type *Byte = Type::getInt8Ty(Context);
  auto *Answer = new GlobalVariable(M, Byte, false, GlobalValue::InternalLinkage,
                                    ConstantInt::get(Byte, 0), "autopass.avx2");
  auto *Type = FunctionType::get(Type::getVoidTy(Context), false);
  auto *F = Function::Create(Type, GlobalValue::InternalLinkage, "autopass.detect", &M);
  F->addFnAttr(Attribute::NoUnwind);
  F->addFnAttr(Attribute::NoInline);
  F->setSection(".text.startup");
  BasicBlock *Begin = BasicBlock::Create(Context, "", F),
             *Known = BasicBlock::Create(Context, "", F);
  BasicBlock *Saved = BasicBlock::Create(Context, "", F), *End = BasicBlock::Create(Context, "", F);
  IRBuilder<> At(Begin);
  Value *Enough = At.CreateAnd(At.CreateICmpUGE(cpuid(At, 0, 0), At.getInt32(7)),
                               At.CreateICmpUGE(cpuid(At, 0x80000000, 0), At.getInt32(0x80000001)));
  At.CreateCondBr(At.CreateAnd(Enough, hasAll(At, cpuid(At, 1, 2), Leaf1Ecx)), Known, End);
  At.SetInsertPoint(Known); // OSXSAVE is there, without which xgetbv is no instruction
  Value *Able = At.CreateAnd(hasAll(At, cpuid(At, 7, 1), Leaf7Ebx),
                             hasAll(At, cpuid(At, 0x80000001, 2), ExtendedEcx));
  At.CreateCondBr(Able, Saved, End);
  At.SetInsertPoint(Saved);
  llvm::Type *Word = At.getInt32Ty();
  auto *Control = FunctionType::get(StructType::get(Word, Word), {Word}, false);
  auto *Code = InlineAsm::get(Control, ".byte 0x0f, 0x01, 0xd0",
                              "={ax},={dx},{cx},~{dirflag},~{fpsr},~{flags}", true);
  Value *State = At.CreateExtractValue(At.CreateCall(Control, Code, {At.getInt32(0)}), 0);
  At.CreateStore(At.CreateZExt(hasAll(At, State, SavedState), Byte), Answer);
  At.CreateBr(End);
  At.SetInsertPoint(End);
  At.CreateRetVoid();
  appendToGlobalCtors(M, F, FirstConstructors);
  return Answer;
}

} // namespace

FunctionVersionsPass::FunctionVersionsPass(StringRef Parameters) {
  SmallVector<StringRef, 2> Words;
  Parameters.split(Words, ';', -1, false);
  uint32_t Hash = 0;
  for (StringRef Word : Words) {
    if (Word.consume_front("loops="))
      Word.getAsInteger(10, Loops);
    else if (Word.consume_front("f") && !Word.getAsInteger(16, Hash))
      Named.insert(Hash);
  }
}

PreservedAnalyses FunctionVersionsPass::run(Module &M, ModuleAnalysisManager &) {
  const Triple Target(M.getTargetTriple());
  if (Target.getArch() != Triple::x86_64 || !Target.isOSBinFormatELF())
    return PreservedAnalyses::all();
  MapVector<Function *, Versions> Chosen;
  for (Function &F : M)
    if ((Named.empty() || Named.contains(hashOf(F.getName()))) && isChosen(F, Loops))
      Chosen.insert({&F, {nullptr, nullptr}});
  if (Chosen.empty())
    return PreservedAnalyses::all();
  GlobalVariable *Answer = makeAnswer(M);
  for (auto &[F, To] : Chosen) {
    To.Wide = copyBody(*F);
    To.Base = moveBody(*F);
    dispatch(*F, To, *Answer);
  }
  for (const auto &[F, To] : Chosen) {
    redirect(*To.Base, Chosen, [](const Versions &Each) { return Each.Base; });
    redirect(*To.Wide, Chosen, [](const Versions &Each) { return Each.Wide; });
  }
  return PreservedAnalyses::none();
}

} // namespace autopass
