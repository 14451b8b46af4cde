#include "io/redis/redis_step.h"

#include "io/redis/redis_keys.h"

#define TEXT_OF(number) #number
#define TEXT(macro)     TEXT_OF(macro)
#define NAMES_MAX       TEXT(VOC_DAY_NAMES_MAX)

/*
 * KEYS: position, customers, rollups, at_risk and due where they change. A key that is named without need would hold
 * the step up while a cluster's slot moves: where it is absent, it may be on either side. ARGV: where the position must
 * stand, numbers of customers and of rollups, and the words of all these keys in their order. A script that fails half
 * way is not undone, so the position is written over with itself first: whatever refuses writes (no memory, a replica,
 * no disk) refuses there. Lua's stack holds 8000 values: long lists go in pieces, of even length for pairs.
 *
 * Counters are read, added to and written in one command each for a whole hash: a call from Lua costs Redis more than
 * what HINCRBY does. They are written as Lua's "%.0f" gives them, for a number of Lua's itself may become "1e+08".
 */
const char voc_redis_step_script[] =
        "local call, format, min = redis.call, string.format, math.min\n"
        "local stands = call('HMGET', KEYS[1], 'offset', 'rules', 'rebuilt_at')\n"
        "if (stands[1] or '0') ~= ARGV[1] or (stands[2] or '') ~= ARGV[2] or (stands[3] or '0') ~= ARGV[3] then\n"
        "  return 0\n"
        "end\n"
        "local words, at = cmsgpack.unpack(ARGV[6]), 1\n"
        "local probe = redis.pcall('HSET', KEYS[1], 'offset', ARGV[1])\n"
        "if type(probe) == 'table' and probe.err then return probe end\n"
        "local function take()\n"
        "  at = at + 1\n"
        "  return words[at - 1]\n"
        "end\n"
        "local function apply(command, key, count)\n"
        "  local last = at + count - 1\n"
        "  while at <= last do\n"
        "    local stop = min(at + 3999, last)\n"
        "    call(command, key, unpack(words, at, stop))\n"
        "    at = stop + 1\n"
        "  end\n"
        "end\n"
        "local function change_hash(key)\n"
        "  local sets, deletes = take(), take()\n"
        "  if take() == 1 then call('DEL', key) end\n"
        "  apply('HSET', key, sets)\n"
        "  apply('HDEL', key, deletes)\n"
        "end\n"
        "local function sum(was, by)\n"
        "  return was and format('%.0f', was + by) or by\n"
        "end\n"
        "local function count(key, last)\n"
        "  if call('EXISTS', key) == 0 then return apply('HSET', key, last - at + 1) end\n"
        "  while at <= last do\n"
        "    local stop, fields = min(at + 3999, last), {}\n"
        "    for i = at, stop, 2 do fields[#fields + 1] = words[i] end\n"
        "    for i, was in ipairs(call('HMGET', key, unpack(fields))) do\n"
        "      words[at + 2 * i - 1] = sum(was, words[at + 2 * i - 1])\n"
        "    end\n"
        "    apply('HSET', key, stop - at + 1)\n"
        "  end\n"
        "end\n"
        "local function admits(key, counter)\n"
        "  if tonumber(call('HGET', key, counter) or 0) >= " NAMES_MAX " then return false end\n"
        "  return call('HINCRBY', key, counter, 1) > 0\n"
        "end\n"
        "local function count_names(key, names)\n"
        "  local fields, set = {}, {}\n"
        "  for i = 1, names do\n"
        "    local name = words[at + 4 * i - 3]\n"
        "    fields[2 * i - 1], fields[2 * i] = 'n:' .. name, 'sum:' .. name\n"
        "  end\n"
        "  local was = call('HMGET', key, unpack(fields))\n"
        "  for i = 1, names do\n"
        "    local others, _, n, points = take(), take(), take(), take()\n"
        "    if was[2 * i - 1] or admits(key, '" VOC_DAY_NAMES "') then\n"
        "      local to = #set\n"
        "      set[to + 1], set[to + 2] = fields[2 * i - 1], sum(was[2 * i - 1], n)\n"
        "      set[to + 3], set[to + 4] = fields[2 * i], sum(was[2 * i], points)\n"
        "    else\n"
        "      call('HINCRBY', key, 'n:' .. others, n)\n"
        "      call('HINCRBY', key, 'sum:' .. others, points)\n"
        "    end\n"
        "  end\n"
        "  if #set > 0 then call('HSET', key, unpack(set)) end\n"
        "end\n"
        "local function count_case_name(key, others, field, by)\n"
        "  local known = call('HEXISTS', key, field) == 1 or admits(key, '" VOC_DAY_CASE_NAMES "')\n"
        "  call('HINCRBY', key, known and field or others, by)\n"
        "end\n"
        "local key = 1\n"
        "local function next_key()\n"
        "  key = key + 1\n"
        "  return KEYS[key]\n"
        "end\n"
        "for _ = 1, tonumber(ARGV[4]) do change_hash(next_key()) end\n"
        "for _ = 1, tonumber(ARGV[5]) do\n"
        "  local rollup, expires, fields = next_key(), take(), take()\n"
        "  count(rollup, at + fields - 1)\n"
        "  local names = take()\n"
        "  for first = 1, names, 1000 do count_names(rollup, min(1000, names - first + 1)) end\n"
        "  for _ = 1, take() do count_case_name(rollup, take(), take(), take()) end\n"
        "  call('PEXPIREAT', rollup, expires)\n"
        "end\n"
        "for _ = 1, 2 do\n"
        "  if take() == 1 then\n"
        "    local set = next_key()\n"
        "    apply('ZADD', set, take())\n"
        "    apply('ZREM', set, take())\n"
        "  end\n"
        "end\n"
        "change_hash(KEYS[1])\n"
        "return 1\n";

/* What a step's keys and words are gathered in, for what is done to each of them. */
static void for_each_part(struct voc_redis_step *step, void (*act_keys)(struct voc_redis_args *args),
                          void (*act_words)(struct voc_redis_words *words))
{
	struct voc_redis_args *keys[] = { &step->customer_keys, &step->rollup_keys, &step->call };
	struct voc_redis_words *words[] = {
		&step->words, &step->sets,    &step->deletes,    &step->raised, &step->cleared,
		&step->due,   &step->settled, &step->increments, &step->names,  &step->case_names,
	};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		act_keys(keys[i]);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		act_words(words[i]);
}

static void init_keys(struct voc_redis_args *args)
{
	voc_redis_args_init(args, VOC_REDIS_STEP_BYTES_MAX);
}

static void init_words(struct voc_redis_words *words)
{
	voc_redis_words_init(words, VOC_REDIS_STEP_BYTES_MAX);
}

void voc_redis_step_init(struct voc_redis_step *step)
{
	*step = (struct voc_redis_step){ .partition = -1 };
	for_each_part(step, init_keys, init_words);
}

void voc_redis_step_free(struct voc_redis_step *step)
{
	for_each_part(step, voc_redis_args_free, voc_redis_words_free);
}

void voc_redis_step_begin(struct voc_redis_step *step, int32_t partition)
{
	step->partition = partition;
	step->out_of_memory = false;
	for_each_part(step, voc_redis_args_clear, voc_redis_words_clear);
}

static bool tell_field(void *context, const struct voc_field *field)
{
	struct voc_redis_step *step = context;
	if (!field->value.ptr) {
		voc_redis_words_add(&step->deletes, field->name);
	} else {
		voc_redis_words_add(&step->sets, field->name);
		voc_redis_words_add(&step->sets, field->value);
	}
	return true;
}

/* What tell_field gathered, as the script's change_hash takes it: `anew`, all that is there goes first. */
static void take_hash(struct voc_redis_step *step, bool anew)
{
	struct voc_redis_words *to = &step->words;
	voc_redis_words_add_count(to, (uint32_t)step->sets.count);
	voc_redis_words_add_count(to, anew ? 0 : (uint32_t)step->deletes.count);
	voc_redis_words_add_count(to, anew);
	voc_redis_words_append(to, &step->sets);
	if (!anew)
		voc_redis_words_append(to, &step->deletes);
	voc_redis_words_clear(&step->sets);
	voc_redis_words_clear(&step->deletes);
}

static bool tell_due(void *context, const struct voc_due *due, int64_t before_ms)
{
	struct voc_redis_step *step = context;
	char bytes[VOC_DUE_MEMBER_MAX];
	struct voc_buf member = { .ptr = bytes, .cap = sizeof bytes, .max = sizeof bytes };
	(void)before_ms;
	voc_due_member(&member, due);
	if (due->due_ms != 0)
		voc_redis_words_add_i64(&step->due, due->due_ms);
	voc_redis_words_add(due->due_ms != 0 ? &step->due : &step->settled, voc_buf_str(&member));
	return !member.failed;
}

void voc_redis_step_customer(struct voc_redis_step *step, struct voc_str id, const struct voc_customer *before,
                             const struct voc_customer *now)
{
	struct voc_redis_key key;
	bool anew = now->forgotten && before;
	step->out_of_memory |= !voc_customer_diff(before, now, tell_field, step);
	if (anew || step->sets.count + step->deletes.count > 0) {
		voc_redis_args_add(&step->customer_keys, voc_redis_key_customer(&key, step->partition, id));
		take_hash(step, anew);
	}
	step->out_of_memory |= !voc_customer_due_diff(id, before, now, tell_due, step);
	int score;
	switch (voc_customer_at_risk(before, now, &score)) {
	case VOC_AT_RISK_SET:
		voc_redis_words_add_i64(&step->raised, score);
		voc_redis_words_add(&step->raised, id);
		break;
	case VOC_AT_RISK_REMOVE: voc_redis_words_add(&step->cleared, id); break;
	case VOC_AT_RISK_KEEP: break;
	}
}

struct telling {
	struct voc_redis_step *step;
	int64_t wall_ms, retention_ms;
	int64_t period; /* that the increments belong to */
};

static void take_counted(struct voc_redis_step *step, struct voc_redis_words *part, uint32_t words_each)
{
	voc_redis_words_add_count(&step->words, (uint32_t)part->count / words_each);
	voc_redis_words_append(&step->words, part);
}

static void take_period(struct telling *telling)
{
	struct voc_redis_step *step = telling->step;
	int64_t expires_ms = voc_period_expires_ms(telling->period, telling->retention_ms);
	if (step->increments.count > 0 && expires_ms > telling->wall_ms) {
		struct voc_redis_key key;
		voc_redis_args_add(&step->rollup_keys, voc_redis_key_rollup(&key, step->partition, telling->period));
		voc_redis_words_add_i64(&step->words, expires_ms);
		take_counted(step, &step->increments, 1);
		take_counted(step, &step->names, 4);
		take_counted(step, &step->case_names, 3);
	}
	voc_redis_words_clear(&step->increments);
	voc_redis_words_clear(&step->names);
	voc_redis_words_clear(&step->case_names);
}

static bool tell_increment(void *context, int64_t period, struct voc_str field, int64_t by)
{
	struct telling *telling = context;
	if (period != telling->period) {
		take_period(telling);
		telling->period = period;
	}
	voc_redis_words_add(&telling->step->increments, field);
	voc_redis_words_add_i64(&telling->step->increments, by);
	return true;
}

static bool tell_day_field(void *context, int64_t day, struct voc_str field, int64_t by)
{
	return tell_increment(context, VOC_PERIOD_OF_DAY(day), field, by);
}

/* A day's names come behind its fields. */
static bool tell_day_name(void *context, int64_t day, struct voc_str others, struct voc_str name, int64_t n,
                          int64_t sum)
{
	struct voc_redis_words *names = &((struct telling *)context)->step->names;
	(void)day;
	voc_redis_words_add(names, others);
	voc_redis_words_add(names, name);
	voc_redis_words_add_i64(names, n);
	voc_redis_words_add_i64(names, sum);
	return true;
}

static bool tell_day_case_name(void *context, int64_t day, struct voc_str others, struct voc_str field, int64_t by)
{
	struct voc_redis_words *names = &((struct telling *)context)->step->case_names;
	(void)day;
	voc_redis_words_add(names, others);
	voc_redis_words_add(names, field);
	voc_redis_words_add_i64(names, by);
	return true;
}

void voc_redis_step_rollup(struct voc_redis_step *step, const struct voc_rollup *rollup, int64_t wall_ms,
                           int64_t retention_ms)
{
	static const struct voc_day_teller days = { tell_day_field, tell_day_name, tell_day_case_name };
	struct telling telling = { step, wall_ms, retention_ms, 0 };
	voc_rollup_each(rollup, tell_increment, &telling);
	voc_day_rollup_each(voc_rollup_days(rollup), &days, &telling);
	take_period(&telling);
}

/* What changes in a sorted set; nothing but a 0 where nothing does: its key is not among KEYS then. */
static void take_set(struct voc_redis_step *step, struct voc_redis_words *added, struct voc_redis_words *removed)
{
	bool changes = added->count > 0 || removed->count > 0;
	voc_redis_words_add_count(&step->words, changes);
	if (!changes)
		return;
	take_counted(step, added, 1);
	take_counted(step, removed, 1);
}

/* The keys of a step, behind their number. */
static void add_keys(struct voc_redis_step *step)
{
	struct voc_redis_key key;
	struct voc_redis_args *call = &step->call;
	bool at_risk = step->raised.count > 0 || step->cleared.count > 0;
	bool due = step->due.count > 0 || step->settled.count > 0;
	voc_redis_args_add_i64(call,
	                       (int64_t)(1 + step->customer_keys.count + step->rollup_keys.count + at_risk + due));
	voc_redis_args_add(call, voc_redis_key_position(&key, step->partition));
	voc_redis_args_append(call, &step->customer_keys);
	voc_redis_args_append(call, &step->rollup_keys);
	if (at_risk)
		voc_redis_args_add(call, voc_redis_key_at_risk(&key, step->partition));
	if (due)
		voc_redis_args_add(call, voc_redis_key_due(&key, step->partition));
}

enum voc_status voc_redis_step_end(struct voc_redis_step *step, const struct voc_partition_state *state,
                                   struct voc_str script_sha, struct voc_buf *buf, struct voc_error *error)
{
	struct voc_redis_args *call = &step->call;
	voc_redis_args_add(call, VOC_STR("EVALSHA"));
	voc_redis_args_add(call, script_sha);
	add_keys(step);
	voc_redis_args_add_i64(call, state->stored.offset);
	voc_redis_args_add(call, voc_str_from(voc_rule_set_version(state->stored_rules)));
	voc_redis_args_add_i64(call, state->stored.rebuilt_at);
	voc_redis_args_add_i64(call, (int64_t)step->customer_keys.count);
	voc_redis_args_add_i64(call, (int64_t)step->rollup_keys.count);
	take_set(step, &step->raised, &step->cleared);
	take_set(step, &step->due, &step->settled);
	step->out_of_memory |= !voc_partition_state_diff(state, tell_field, step);
	take_hash(step, false);
	voc_redis_words_command(buf, call, &step->words);
	if (step->out_of_memory || buf->out_of_memory)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a batch's step");
	if (call->count >= VOC_REDIS_STEP_ARGS_MAX || buf->failed)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_TOO_LARGE, -1,
		                     "a batch's step is larger than one Redis command may be: lower VOC_BATCH_RECORDS");
	return VOC_OK;
}
