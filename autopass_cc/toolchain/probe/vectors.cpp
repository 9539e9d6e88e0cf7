// Containers, algorithms and closures: deep inlining of templates.
#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <unordered_map>
#include <vector>

int total(const std::vector<int> &v) { return std::accumulate(v.begin(), v.end(), 0); }

std::vector<int> sorted(std::vector<int> v) {
  std::sort(v.begin(), v.end(), [](int a, int b) { return a % 100 < b % 100 || (a % 100 == b % 100 && a < b); });
  v.erase(std::unique(v.begin(), v.end()), v.end());
  return v;
}

std::map<std::string, int> histogram(const std::vector<std::string> &words) {
  std::map<std::string, int> result;
  for (const auto &word : words)
    ++result[word];
  return result;
}

int lookup(const std::unordered_map<int, std::vector<int>> &index, int key) {
  const auto found = index.find(key);
  return found == index.end() ? -1 : total(found->second);
}

std::string reversed(const std::string &s) {
  std::string result(s.rbegin(), s.rend());
  result += std::to_string(s.size());
  return result;
}
