/*
 * Particle dynamics in two flavours. A cluster of heavy bodies attracts itself by softened gravity,
 * all pairs each step. A periodic box of light particles repels itself by a short-range force,
 * with particles binned into cells and neighbour lists that are rebuilt every few steps. Both
 * integrate by leapfrog. Stands for pair loops with square roots and divisions, linked-list and
 * index-list walks, scattered accumulation and data-dependent branches.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_BODIES = 1200, CELLS = 8, MAX_PAIRS = MAX_BODIES * 30 };

static const double box_side = 10.0, reach = 1.0, skin = 0.2;

typedef struct {
  double x, y, z;
} Vector;

typedef struct {
  int count;
  double mass[MAX_BODIES];
  Vector position[MAX_BODIES], velocity[MAX_BODIES], force[MAX_BODIES];
} Bodies;

typedef struct {
  int head[CELLS * CELLS * CELLS]; /* first particle of each cell, or -1 */
  int next[MAX_BODIES];
  int start[MAX_BODIES + 1]; /* offsets into other */
  int other[MAX_PAIRS];
  long tests; /* of distances, over all builds */
} Neighbours;

static double random_unit(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return (double)((*state * 0x2545f4914f6cdd1du) >> 11) * 0x1p-53;
}

static void random_vector(Vector *v, double scale, double shift, uint64_t *state) {
  v->x = scale * (random_unit(state) - shift);
  v->y = scale * (random_unit(state) - shift);
  v->z = scale * (random_unit(state) - shift);
}

static void scatter_bodies(Bodies *b, int count, double side, double speed, uint64_t *state) {
  b->count = count;
  for (int i = 0; i < count; i++) {
    b->mass[i] = 0.5 + random_unit(state);
    random_vector(&b->position[i], side, 0.0, state);
    random_vector(&b->velocity[i], speed, 0.5, state);
  }
}

static void clear_forces(Bodies *b) {
  for (int i = 0; i < b->count; i++)
    b->force[i] = (Vector){0.0, 0.0, 0.0};
}

/* Adds f to the force on i and takes it from the force on j. */
static void add_pair_force(Bodies *b, int i, int j, double scale, Vector d) {
  b->force[i].x += scale * d.x;
  b->force[i].y += scale * d.y;
  b->force[i].z += scale * d.z;
  b->force[j].x -= scale * d.x;
  b->force[j].y -= scale * d.y;
  b->force[j].z -= scale * d.z;
}

/* Softened gravity between all pairs; returns the potential energy. */
static double gravity(Bodies *b, double softening) {
  double energy = 0.0;
  clear_forces(b);
  for (int i = 0; i < b->count; i++)
    for (int j = 0; j < i; j++) {
      Vector d = {b->position[j].x - b->position[i].x, b->position[j].y - b->position[i].y,
                  b->position[j].z - b->position[i].z};
      double square = d.x * d.x + d.y * d.y + d.z * d.z + softening * softening;
      double pull = b->mass[i] * b->mass[j] / sqrt(square);
      energy -= pull;
      add_pair_force(b, i, j, pull / square, d);
    }
  return energy;
}

/* The difference of two coordinates in the periodic box, by the nearest image. */
static double nearest(double difference) {
  if (difference > 0.5 * box_side)
    return difference - box_side;
  return difference < -0.5 * box_side ? difference + box_side : difference;
}

static Vector separation(Vector a, Vector b) {
  return (Vector){nearest(b.x - a.x), nearest(b.y - a.y), nearest(b.z - a.z)};
}

static int cell_along(double coordinate) { return (int)(coordinate * (CELLS / box_side)) % CELLS; }

static void fill_cells(const Bodies *b, Neighbours *near) {
  for (int c = 0; c < CELLS * CELLS * CELLS; c++)
    near->head[c] = -1;
  for (int i = 0; i < b->count; i++) {
    Vector p = b->position[i];
    int cell = (cell_along(p.z) * CELLS + cell_along(p.y)) * CELLS + cell_along(p.x);
    near->next[i] = near->head[cell];
    near->head[cell] = i;
  }
}

/* Lists for each particle those of lower number within reach + skin, from the cells around it. */
static void build_lists(const Bodies *b, Neighbours *near) {
  double limit = (reach + skin) * (reach + skin);
  int used = 0;
  for (int i = 0; i < b->count; i++) {
    Vector p = b->position[i];
    int cx = cell_along(p.x), cy = cell_along(p.y), cz = cell_along(p.z);
    near->start[i] = used;
    for (int k = 0; k < 27; k++) {
      int x = (cx + k % 3 + CELLS - 1) % CELLS, y = (cy + k / 3 % 3 + CELLS - 1) % CELLS;
      int z = (cz + k / 9 + CELLS - 1) % CELLS;
      for (int j = near->head[(z * CELLS + y) * CELLS + x]; j >= 0; j = near->next[j]) {
        Vector d = separation(p, b->position[j]);
        near->tests++;
        if (j < i && used < MAX_PAIRS && d.x * d.x + d.y * d.y + d.z * d.z < limit)
          near->other[used++] = j;
      }
    }
  }
  near->start[b->count] = used;
}

/* A soft repulsion that ends at reach; returns the potential energy. */
static double repulsion(Bodies *b, const Neighbours *near, double stiffness) {
  double energy = 0.0;
  clear_forces(b);
  for (int i = 0; i < b->count; i++)
    for (int k = near->start[i]; k < near->start[i + 1]; k++) {
      Vector d = separation(b->position[i], b->position[near->other[k]]);
      double square = d.x * d.x + d.y * d.y + d.z * d.z;
      if (square >= reach * reach || square == 0.0)
        continue;
      double distance = sqrt(square), overlap = 1.0 - distance / reach;
      energy += 0.5 * stiffness * overlap * overlap;
      add_pair_force(b, i, near->other[k], -stiffness * overlap / (reach * distance), d);
    }
  return energy;
}

/* Adds the forces to the velocities; returns the kinetic energy. */
static double kick(Bodies *b, double dt) {
  double energy = 0.0;
  for (int i = 0; i < b->count; i++) {
    Vector *v = &b->velocity[i], *f = &b->force[i];
    v->x += dt / b->mass[i] * f->x;
    v->y += dt / b->mass[i] * f->y;
    v->z += dt / b->mass[i] * f->z;
    energy += 0.5 * b->mass[i] * (v->x * v->x + v->y * v->y + v->z * v->z);
  }
  return energy;
}

static double wrap(double coordinate) {
  return coordinate - box_side * floor(coordinate / box_side);
}

static void drift(Bodies *b, double dt, int periodic) {
  for (int i = 0; i < b->count; i++) {
    Vector *p = &b->position[i], *v = &b->velocity[i];
    p->x += dt * v->x;
    p->y += dt * v->y;
    p->z += dt * v->z;
    if (periodic)
      *p = (Vector){wrap(p->x), wrap(p->y), wrap(p->z)};
  }
}

static double checksum(const Bodies *b) {
  double sum = 0.0;
  for (int i = 0; i < b->count; i++) {
    Vector p = b->position[i], v = b->velocity[i];
    sum += (p.x + 2.0 * p.y + 3.0 * p.z + v.x - v.y + 4.0 * v.z) * (1 + i % 13);
  }
  return sum;
}

int main(int argc, char **argv) {
  long steps = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
  uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  Bodies *stars = calloc(1, sizeof *stars), *grains = calloc(1, sizeof *grains);
  Neighbours *near = calloc(1, sizeof *near);
  if (steps < 1 || !stars || !grains || !near) {
    fprintf(stderr, "usage: %s STEPS [SEED]\n", argv[0]);
    return 2;
  }
  uint64_t state = 2 * seed + 0x5851f42d4c957f2du;
  scatter_bodies(stars, 130, 20.0, 1.0, &state);
  scatter_bodies(grains, 1100, box_side, 0.8, &state);
  double star_energy = 0.0, grain_energy = 0.0;
  for (long step = 0; step < steps; step++) {
    drift(stars, 0.005, 0);
    star_energy += gravity(stars, 0.3);
    star_energy += kick(stars, 0.01);
    drift(stars, 0.005, 0);
    drift(grains, 0.005, 1);
    if (step % 8 == 0) {
      fill_cells(grains, near);
      build_lists(grains, near);
    }
    grain_energy += repulsion(grains, near, 20.0);
    grain_energy += kick(grains, 0.01);
    drift(grains, 0.005, 1);
  }
  printf("stars %.17g energy %.17g\n", checksum(stars), star_energy);
  printf("grains %.17g energy %.17g tests %ld\n", checksum(grains), grain_energy, near->tests);
  free(stars), free(grains), free(near);
  return 0;
}
