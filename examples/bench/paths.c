// Graph search: builds weighted directed graphs in compressed-row form, a grid with some long links
// or a sparse random one, then runs Dijkstra's algorithm with a binary heap, breadth-first search
// and union-find over cheap edges. It stands for route planners and network analysis: loads through
// index arrays, a heap of small records, queues. Usage: paths [N [SEED]], N graphs.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 64, VERTICES = SIDE * SIDE, EDGES = 4 * VERTICES, UNREACHED = 0x7fffffff };

typedef struct {
  int from, to, weight;
} Edge;

// The edges that leave vertex v are those from first[v] to first[v + 1] - 1.
typedef struct {
  int first[VERTICES + 1];
  Edge edges[EDGES];
} Graph;

typedef struct {
  int distance, vertex;
} Entry;

typedef struct {
  int size;
  Entry entries[EDGES + 1];
} Heap;

static uint32_t next_random(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

static uint64_t hash_ints(uint64_t hash, const int *values, int count) {
  for (int i = 0; i < count; i++)
    hash = (hash ^ (uint64_t)values[i]) * 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 32);
}

// A grid links every vertex to its four neighbours, wrapping round, and sometimes to anywhere.
static void make_edges(Edge *edges, int grid, uint64_t *state) {
  static const int steps[4] = {1, -1, SIDE, -SIDE};
  for (int i = 0; i < EDGES; i++) {
    int from = grid ? i / 4 : (int)(next_random(state) % VERTICES);
    int to = (int)(next_random(state) % VERTICES);
    if (grid && to % 64 != 0)
      to = (from + steps[i % 4] + VERTICES) % VERTICES;
    edges[i] = (Edge){from, to, 1 + (int)(next_random(state) % 1000)};
  }
}

// Groups the edges by the vertex they leave (a counting sort).
static void build_graph(Graph *graph, const Edge *edges, int count) {
  memset(graph->first, 0, sizeof graph->first);
  for (int i = 0; i < count; i++)
    graph->first[edges[i].from]++;
  for (int v = 1; v <= VERTICES; v++)
    graph->first[v] += graph->first[v - 1];
  for (int i = count - 1; i >= 0; i--)
    graph->edges[--graph->first[edges[i].from]] = edges[i];
}

static void heap_push(Heap *heap, int distance, int vertex) {
  int at = heap->size++;
  for (; at > 0 && heap->entries[(at - 1) / 2].distance > distance; at = (at - 1) / 2)
    heap->entries[at] = heap->entries[(at - 1) / 2];
  heap->entries[at] = (Entry){distance, vertex};
}

static Entry heap_pop(Heap *heap) {
  Entry *entries = heap->entries, top = entries[0], last = entries[--heap->size];
  int at = 0;
  for (int child = 1; child < heap->size; child = 2 * at + 1) {
    child += child + 1 < heap->size && entries[child + 1].distance < entries[child].distance;
    if (entries[child].distance >= last.distance)
      break;
    entries[at] = entries[child];
    at = child;
  }
  entries[at] = last;
  return top;
}

// Dijkstra's algorithm; stale heap entries are skipped when they come up.
static void shortest_paths(const Graph *graph, int source, int *distance, Heap *heap) {
  for (int v = 0; v < VERTICES; v++)
    distance[v] = UNREACHED;
  distance[source] = 0;
  heap_push(heap, 0, source);
  while (heap->size > 0) {
    Entry near = heap_pop(heap);
    if (near.distance > distance[near.vertex])
      continue;
    for (int i = graph->first[near.vertex]; i < graph->first[near.vertex + 1]; i++) {
      int to = graph->edges[i].to, through = near.distance + graph->edges[i].weight;
      if (through < distance[to]) {
        distance[to] = through;
        heap_push(heap, through, to);
      }
    }
  }
}

// Sets the number of hops to every vertex, and the queue to the order they were reached in.
static void breadth_first(const Graph *graph, int source, int *hops, int *queue) {
  int tail = 1;
  memset(hops, -1, VERTICES * sizeof *hops);
  hops[source] = 0;
  queue[0] = source;
  for (int head = 0; head < tail; head++)
    for (int i = graph->first[queue[head]]; i < graph->first[queue[head] + 1]; i++) {
      if (hops[graph->edges[i].to] >= 0)
        continue;
      hops[graph->edges[i].to] = hops[queue[head]] + 1;
      queue[tail++] = graph->edges[i].to;
    }
}

static int find_root(int *parent, int v) {
  for (; parent[v] != v; v = parent[v])
    parent[v] = parent[parent[v]];
  return v;
}

static void join_cheap_edges(const Edge *edges, int count, int limit, int *parent) {
  for (int v = 0; v < VERTICES; v++)
    parent[v] = v;
  for (int i = 0; i < count; i++) {
    if (edges[i].weight > limit)
      continue;
    int a = find_root(parent, edges[i].from), b = find_root(parent, edges[i].to);
    parent[a] = b;
  }
}

int main(int argc, char **argv) {
  static Graph graph;
  static Heap heap;
  static Edge edges[EDGES];
  static int label[VERTICES], queue[VERTICES];
  long graphs = argc > 1 ? strtol(argv[1], NULL, 10) : 570;
  uint64_t state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1, lengths = 0, hops = 0, parts = 0;
  for (long round = 0; round < graphs; round++) {
    make_edges(edges, round % 2 == 0, &state);
    build_graph(&graph, edges, EDGES);
    shortest_paths(&graph, edges[round % EDGES].to, label, &heap);
    lengths = hash_ints(lengths, label, VERTICES);
    breadth_first(&graph, edges[round % EDGES].from, label, queue);
    hops = hash_ints(hash_ints(hops, label, VERTICES), queue, VERTICES);
    for (int limit = 20; limit <= 1000; limit *= 3) {
      join_cheap_edges(edges, EDGES, limit, label);
      parts = hash_ints(parts, label, VERTICES);
    }
  }
  printf("lengths %016llx hops %016llx parts %016llx\n", (unsigned long long)lengths,
         (unsigned long long)hops, (unsigned long long)parts);
  return 0;
}
