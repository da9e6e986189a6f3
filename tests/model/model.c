/*
 * model [--clocks N] [--keys MASK] [--most STATES] [--torn]: every state that an isolated site can
 * get into, breadth first, with accept_decide() itself as the transition relation.
 *
 * An attacker replays, drops (what is never offered), mixes histories, has some keys but too few,
 * and sets the clock; the exporter forks, jumps ahead and has a wrong clock; approvers permit
 * expired bundles; the importer is killed between any two steps.  --torn breaks the commit, to
 * see that it is noticed.  Prints one line; exit status 1 after a violation, which is shown with
 * the way to it, and 2 when --most was not enough.
 */
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "tests/model/world.h"
#include "verifier/accept.h"
#include "verifier/override.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IDLE, DECIDED, STORED, TRUSTED, PUBLISHED_HALF, UNTIL_DAYS = 11 };

/* Everything that matters, in 64 bits. */
struct state {
	unsigned released, a, b, j, f; /* what the connected side has made so far */
	unsigned keys;                 /* stolen */
	unsigned permits;              /* two people signed for the genuine one of this bit */
	unsigned clock;                /* days */
	unsigned accepted;             /* rows of the site: a bit for each item */
	unsigned current, floor;       /* its newest, its time floor */
	unsigned phase, pending;       /* an import under way */
};

static uint64_t pack(const struct state *s)
{
	const unsigned parts[][2] = {
		{ s->released, 3 },  { s->a, 2 },       { s->b, 2 },       { s->j, 1 },
		{ s->f, 1 },         { s->keys, 5 },    { s->permits, 2 }, { s->clock, 4 },
		{ s->accepted, 22 }, { s->current, 5 }, { s->floor, 4 },   { s->phase, 3 },
		{ s->pending, 5 },
	};
	uint64_t out = 1; /* so that no state is 0 */

	for (size_t n = 0; n < sizeof parts / sizeof *parts; n++)
		out = out << parts[n][1] | parts[n][0];
	return out;
}

static unsigned take(uint64_t *bits, unsigned width)
{
	unsigned value = (unsigned)(*bits & ((1ull << width) - 1));

	*bits >>= width;
	return value;
}

static struct state unpack(uint64_t bits)
{
	struct state s;

	s.pending = take(&bits, 5);
	s.phase = take(&bits, 3);
	s.floor = take(&bits, 4);
	s.current = take(&bits, 5);
	s.accepted = take(&bits, 22);
	s.clock = take(&bits, 4);
	s.permits = take(&bits, 2);
	s.keys = take(&bits, 5);
	s.f = take(&bits, 1);
	s.j = take(&bits, 1);
	s.b = take(&bits, 2);
	s.a = take(&bits, 2);
	s.released = take(&bits, 3);
	return s;
}

struct model {
	struct world world;
	/* options */
	unsigned clocks, keys;
	size_t most;
	bool torn;
	/* every state seen, in the order it was; its index in a table of slots */
	uint64_t *states;
	uint32_t *from, *slots;
	size_t count, slot_mask;
	bool full;
	uint64_t decisions, accepted, refused, alarms, crashes, recoveries, violations;
	size_t at; /* being looked at */
};

/* ---- the set ---- */

static void remember(struct model *m, const struct state *s)
{
	uint64_t bits = pack(s);
	size_t slot = (size_t)((bits * 0x9e3779b97f4a7c15ull) >> 20) & m->slot_mask;

	while (m->slots[slot]) {
		if (m->states[m->slots[slot] - 1] == bits)
			return;
		slot = (slot + 1) & m->slot_mask;
	}
	if (m->count == m->most) {
		m->full = true;
		return;
	}
	m->from[m->count] = (uint32_t)m->at;
	m->states[m->count++] = bits;
	m->slots[slot] = (uint32_t)m->count;
}

/* ---- violations ---- */

static void print_state(const struct model *m, size_t at)
{
	struct state s = unpack(m->states[at]);

	printf("  released H%u A%u B%u J%u F%u, stolen 0x%02x, permits %u, clock %u | accepted",
	       s.released, s.a, s.b, s.j, s.f, s.keys, s.permits, s.clock);
	for (int n = 0; n < m->world.count; n++)
		if (s.accepted & 1u << n)
			printf(" %s", m->world.items[n].name);
	printf(", newest %s, floor %u | step %u %s\n",
	       s.current == WORLD_NONE ? "-" : m->world.items[s.current].name, s.floor, s.phase,
	       s.phase == IDLE ? "" : m->world.items[s.pending].name);
}

static void violate(struct model *m, const char *what, int item, const struct error *err)
{
	size_t way[64], steps = 0;

	if (m->violations++ > 0)
		return;
	printf("violation: %s: %s (%s)\n", item < 0 ? "-" : m->world.items[item].name, what,
	       err->id == ERROR_NONE ? "accepted" : err->message);
	for (size_t at = m->at; steps < 64; at = m->from[at]) {
		way[steps++] = at;
		if (at == 0)
			break;
	}
	while (steps > 0)
		print_state(m, way[--steps]);
}

/* ---- one offer ---- */

struct offer {
	const struct state *s;
	int item;
	unsigned clock, signers;
	bool permitted;
};

/* What was remembered with the sequence of the item: an accepted item, or WORLD_NONE. */
static int remembered(const struct world *w, const struct state *s, int item)
{
	for (int n = 0; n < w->count; n++)
		if ((s->accepted & 1u << n) && w->items[n].ours &&
		    w->items[n].manifest.sequence == w->items[item].manifest.sequence)
			return n;
	return WORLD_NONE;
}

/* As the importer calls it: judge() in importer/import.c. */
static int decide(struct model *m, const struct offer *o, enum accept_decision *decision,
		  struct error *err)
{
	const struct world *w = &m->world;
	const struct world_item *item = &w->items[o->item];
	const struct state *s = o->s;
	bool has = s->current != WORLD_NONE;
	int same = remembered(w, s, o->item);
	int64_t now = WORLD_BASE + (int64_t)o->clock * WORLD_DAY;
	int64_t floor = has ? WORLD_BASE + (int64_t)s->floor * WORLD_DAY : 0;
	struct accept_state state = { .channel = "main",
				      .audience = "site1",
				      .epoch = 2,
				      .sequence = has ? w->items[s->current].manifest.sequence : 0,
				      .has_manifest = has,
				      .manifest = has ? w->items[s->current].digest : NULL,
				      .same = same == WORLD_NONE ? NULL : w->items[same].digest,
				      .time_floor = floor };

	m->decisions++;
	if (accept_decide(&state, &item->manifest, item->digest, now, decision, err) == 0)
		return 0;
	if (err->id != ERROR_BUNDLE_EXPIRED)
		return -1;
	struct override_proof proof = { .people = o->permitted                ? 2
						  : w->two_approvers[s->keys] ? 2
						  : s->keys >> 2              ? 1
									      : 0 };
	proof.said.until = WORLD_BASE + (int64_t)UNTIL_DAYS * WORLD_DAY;
	memcpy(proof.said.manifest, item->digest, sizeof item->digest);
	error_clear(err);
	if (override_check(&proof, item->digest, now > floor ? now : floor, err) < 0)
		return -1;
	state.overridden = proof.said.until;
	return accept_decide(&state, &item->manifest, item->digest, now, decision, err);
}

static int latest_day(const struct offer *o)
{
	int floor = o->s->current == WORLD_NONE ? 0 : (int)o->s->floor;

	return (int)o->clock > floor ? (int)o->clock : floor;
}

/* Does it name, as far as it says, another past than the one accepted here? */
static bool names_another(const struct world *w, const struct state *s, int item)
{
	const struct world_item *i = &w->items[item], *ours = &w->items[s->current];

	for (int k = 0; k < WORLD_WINDOW; k++)
		if (i->manifest.sequence - (uint64_t)k - 1 == ours->manifest.sequence &&
		    i->named[k] != WORLD_NONE)
			return i->named[k] != (int)s->current;
	return false;
}

/* What must hold of whatever gets in. */
static const char *wrong_acceptance(const struct model *m, const struct offer *o)
{
	const struct world *w = &m->world;
	const struct world_item *i = &w->items[o->item];
	const struct state *s = o->s;

	if (!i->ours)
		return "accepted for another place or epoch";
	if (!w->enough[o->signers])
		return "accepted below the threshold of signatures";
	if (remembered(w, s, o->item) != WORLD_NONE)
		return "accepted a sequence that was accepted before";
	if (s->current != WORLD_NONE) {
		const struct world_item *ours = &w->items[s->current];

		if (i->manifest.sequence <= ours->manifest.sequence)
			return "rollback";
		if (i->manifest.sequence - ours->manifest.sequence > 1000)
			return "accepted a jump";
		if (names_another(w, s, o->item))
			return "accepted another history without an alarm";
	}
	if (latest_day(o) > i->expires &&
	    ((!o->permitted && !w->two_approvers[s->keys]) || latest_day(o) > UNTIL_DAYS))
		return "accepted what has expired";
	if (i->created > latest_day(o) + 2)
		return "accepted what is from the future";
	return NULL;
}

/* What must be said of what does not get in. */
static const char *wrong_refusal(const struct model *m, const struct offer *o, enum error_id id)
{
	const struct world *w = &m->world;
	const struct world_item *i = &w->items[o->item];
	const struct state *s = o->s;

	if (!i->ours || s->current == WORLD_NONE)
		return NULL;
	int known = remembered(w, s, o->item);
	const struct world_item *ours = &w->items[s->current];

	if (o->item == (int)s->current)
		return "the bundle imported last is not known any more";
	if (known != WORLD_NONE && known != o->item && id != ERROR_REPLAY_FORK)
		return "two bundles of one sequence without an alarm";
	if (i->manifest.sequence > ours->manifest.sequence &&
	    i->manifest.sequence - ours->manifest.sequence <= 1000 &&
	    names_another(w, s, o->item) && id != ERROR_REPLAY_FORK)
		return "another history without an alarm";
	return NULL;
}

/* True when it is to be imported. */
static bool offer(struct model *m, const struct offer *o)
{
	struct error err = ERROR_INIT;
	enum accept_decision decision;
	const char *wrong;

	if (!m->world.trusted[o->signers]) /* verify_open() ends here */
		return false;
	if (decide(m, o, &decision, &err) < 0) {
		m->refused++;
		m->alarms += err.id == ERROR_REPLAY_FORK;
		wrong = wrong_refusal(m, o, err.id);
		if (wrong)
			violate(m, wrong, o->item, &err);
		return false;
	}
	if (decision == ACCEPT_ALREADY) {
		if (o->item != (int)o->s->current)
			violate(m, "taken for the bundle imported last", o->item, &err);
		return false;
	}
	m->accepted++;
	wrong = wrong_acceptance(m, o);
	if (wrong)
		violate(m, wrong, o->item, &err);
	return true;
}

/* ---- what can happen ---- */

/* Who can have signed it by now; 0 when it does not exist yet. */
static unsigned signers_of(const struct world_item *i, const struct state *s)
{
	const unsigned honest = 1u << 0 | 1u << 2; /* bert builds, anna approves */

	switch (i->kind) {
	case KIND_H:
		return i->number < (int)s->released ? honest : 0;
	case KIND_A:
		return i->number < (int)s->a ? honest : 0;
	case KIND_B:
		return i->number < (int)s->b ? honest : 0;
	case KIND_J:
		return s->j ? honest : 0;
	case KIND_F:
		return s->f ? honest : 0;
	case KIND_ELSEWHERE:
		return honest;
	case KIND_Z:
	default:
		return s->keys;
	}
}

static bool is_permitted(const struct world_item *i, const struct state *s)
{
	return i->kind == KIND_H && i->number < WORLD_PERMITS && (s->permits & 1u << i->number);
}

/* The newest genuine bundle, at the time it was made, must get in wherever history is genuine. */
static void check_recovery(struct model *m, const struct state *s)
{
	const struct world *w = &m->world;
	int newest = s->f ? world_first(w, KIND_F) : (int)s->released - 1;
	struct error err = ERROR_INIT;
	enum accept_decision decision;

	if (newest < 0 || (s->current != WORLD_NONE && w->items[s->current].kind != KIND_H &&
			   w->items[s->current].kind != KIND_F))
		return;
	m->recoveries++;
	if (decide(m,
		   &(struct offer){
			   .s = s, .item = newest, .clock = (unsigned)w->items[newest].created },
		   &decision, &err) < 0)
		violate(m, "no recovery with the newest genuine bundle", newest, &err);
}

static void check_state(struct model *m, const struct state *s)
{
	uint64_t newest = 0;
	unsigned floor = 0;

	for (int n = 0; n < m->world.count; n++) {
		const struct world_item *i = &m->world.items[n];

		if (!(s->accepted & 1u << n))
			continue;
		if (i->manifest.sequence > newest)
			newest = i->manifest.sequence;
		if ((unsigned)i->created > floor)
			floor = (unsigned)i->created;
	}
	uint64_t current =
		s->current == WORLD_NONE ? 0 : m->world.items[s->current].manifest.sequence;
	if (current != newest || s->floor != floor)
		violate(m, "half of an import is visible", -1, &(struct error)ERROR_INIT);
}

static void offers(struct model *m, const struct state *s)
{
	for (int n = 0; n < m->world.count; n++) {
		const struct world_item *i = &m->world.items[n];
		unsigned signers = signers_of(i, s);
		struct offer o = { s, n, s->clock, signers, is_permitted(i, s) };

		if (signers && offer(m, &o)) {
			struct state next = *s;

			next.phase = DECIDED;
			next.pending = (unsigned)n;
			remember(m, &next);
		}
		if (signers && o.permitted) { /* or without it */
			o.permitted = false;
			offer(m, &o);
		}
	}
}

static void publish(struct state *s, const struct world *w)
{
	s->accepted |= 1u << s->pending;
	s->current = s->pending;
	if ((unsigned)w->items[s->pending].created > s->floor)
		s->floor = (unsigned)w->items[s->pending].created;
	s->phase = IDLE;
	s->pending = 0;
}

/* Objects, then trust files, then one commit; killed anywhere, nothing of the state moved. */
static void go_on(struct model *m, const struct state *s)
{
	struct state next = *s, killed = *s;

	killed.phase = IDLE;
	killed.pending = 0;
	m->crashes++;
	remember(m, &killed);
	if (m->torn && s->phase == TRUSTED) {
		next.phase = PUBLISHED_HALF;
		next.current = s->pending;
	} else if (s->phase < TRUSTED) {
		next.phase++;
	} else {
		publish(&next, &m->world);
	}
	remember(m, &next);
}

static void one_more(struct model *m, const struct state *s, unsigned *field, unsigned most)
{
	struct state next = *s;
	unsigned *at = (unsigned *)((char *)&next + ((const char *)field - (const char *)s));

	if (*at >= most)
		return;
	++*at;
	remember(m, &next);
}

static void environment(struct model *m, struct state *s)
{
	one_more(m, s, &s->released, WORLD_H);
	if (s->released >= 1)
		one_more(m, s, &s->a, WORLD_A);
	if (s->released >= 3)
		one_more(m, s, &s->b, WORLD_B);
	if (s->released >= 3)
		one_more(m, s, &s->j, 1);
	if (s->released == WORLD_H)
		one_more(m, s, &s->f, 1);
	for (unsigned key = 0; key < WORLD_KEYS; key++) {
		struct state next = *s;

		next.keys |= 1u << key;
		if ((m->keys & 1u << key) && !m->world.enough[next.keys])
			remember(m, &next);
	}
	for (unsigned n = 0; n < WORLD_PERMITS; n++) {
		struct state next = *s;

		next.permits |= 1u << n;
		if (s->released > n)
			remember(m, &next);
	}
	for (unsigned day = 0; day < m->clocks; day++) {
		struct state next = *s;

		next.clock = day;
		remember(m, &next);
	}
}

/* ---- all of it ---- */

static void explore(struct model *m)
{
	struct state start = { .current = WORLD_NONE };

	remember(m, &start);
	for (m->at = 0; m->at < m->count && !m->full && m->violations == 0; m->at++) {
		struct state s = unpack(m->states[m->at]);

		/* While a step is under way the connected side changes nothing that matters. */
		if (s.phase != IDLE) {
			go_on(m, &s);
			continue;
		}
		check_state(m, &s);
		check_recovery(m, &s);
		offers(m, &s);
		environment(m, &s);
	}
}

static int usage(void)
{
	fprintf(stderr, "usage: model [--clocks N] [--keys MASK] [--most STATES] [--torn]\n");
	return 3;
}

static int read_options(struct model *m, int argc, char **argv)
{
	for (int n = 1; n < argc; n++) {
		uint64_t value;

		if (strcmp(argv[n], "--torn") == 0) {
			m->torn = true;
			continue;
		}
		if (n + 1 == argc ||
		    !str_to_u64(argv[n + 1], strlen(argv[n + 1]), 1u << 30, &value))
			return -1;
		if (strcmp(argv[n], "--clocks") == 0 && value >= 1 && value <= 16)
			m->clocks = (unsigned)value;
		else if (strcmp(argv[n], "--keys") == 0 && value < 1u << WORLD_KEYS)
			m->keys = (unsigned)value;
		else if (strcmp(argv[n], "--most") == 0 && value >= 1)
			m->most = (size_t)value;
		else
			return -1;
		n++;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct model *m = buf_calloc(1, sizeof *m);
	struct error err = ERROR_INIT;
	uint64_t started = clock_ticks();
	int wrong = 0;

	m->clocks = 12;
	m->keys = (1u << WORLD_KEYS) - 1;
	m->most = 100000000;
	if (read_options(m, argc, argv) < 0)
		return usage();
	if (world_make(&m->world, &wrong, &err) < 0) {
		fprintf(stderr, "model: %s\n", err.message);
		return 3;
	}
	m->violations = (uint64_t)wrong;
	for (m->slot_mask = 1; m->slot_mask < m->most + m->most / 2; m->slot_mask *= 2)
		;
	m->slots = buf_calloc(m->slot_mask--, sizeof *m->slots);
	m->states = buf_malloc(m->most * sizeof *m->states);
	m->from = buf_malloc(m->most * sizeof *m->from);
	explore(m);
	uint64_t took = clock_ticks() - started + 1;
	printf("model: %zu states%s, %llu decisions (%llu accepted, %llu refused, %llu alarms of a "
	       "fork), %llu crashes, %llu recoveries, %llu violations; %llu s, %llu states/s\n",
	       m->count, m->full ? " (not all)" : "", (unsigned long long)m->decisions,
	       (unsigned long long)m->accepted, (unsigned long long)m->refused,
	       (unsigned long long)m->alarms, (unsigned long long)m->crashes,
	       (unsigned long long)m->recoveries, (unsigned long long)m->violations,
	       (unsigned long long)took / 1000, (unsigned long long)(m->count * 1000 / took));
	int status = m->violations ? 1 : m->full ? 2 : 0;
	free(m->slots);
	free(m->states);
	free(m->from);
	free(m);
	return status;
}
