// The allow-list of one LLVM major, enforced on the text of a pipeline.
#ifndef AUTOPASS_PLUGIN_ALLOWLIST_H
#define AUTOPASS_PLUGIN_ALLOWLIST_H

#include <string>

namespace autopass {

// Returns nullptr for a pipeline whose every name, place and parameter is allowed, else the reason
// for refusing it as one word.
const char *checkPipeline(const std::string &Text);

} // namespace autopass

#endif
