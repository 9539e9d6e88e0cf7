// A recipe file as the plugin sees it: what it says, or the one word why it is not believed.
#ifndef AUTOPASS_PLUGIN_RECIPE_H
#define AUTOPASS_PLUGIN_RECIPE_H

#include <string>

namespace autopass {

struct Recipe {
  unsigned Major = 0;
  std::string Level;    // O1, O2, O3, Os or Oz
  std::string Pipeline; // empty: the recipe has knobs only
};

// The digest part of a path that ends in <32 lower-case hex digits>.recipe; empty if it does not.
std::string recipeDigest(const std::string &Path);

// Read and check `Path`. Returns nullptr, or the reason for refusing it as one word; `Out` is
// meaningful only in the first case.
const char *readRecipe(const std::string &Path, Recipe &Out);

} // namespace autopass

#endif
