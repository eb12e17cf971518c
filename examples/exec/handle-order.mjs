#!/usr/bin/env node
// A bank's program in Node.js 18 or newer, without packages:   tocsin listen --exec "examples/exec/handle-order.mjs LEDGER"
//
// - An order comes as JSON on standard input; the report goes as JSON to standard output. Exit 0 answers, 75 asks to be called
//   again, anything else is no answer: it is called again too, and at last a person is asked. Nothing becomes a refusal by accident.
// - LEDGER/accounts.csv has number,holder,balance,currency, such as 6222020000000007,张三,70000.00,CNY.
// - LEDGER/journal has a line for each order carried out: hold and answer together, appended in one write and fsynced. Killed at
//   any moment, an order is carried out and known to be, or neither.
// - A line says at which byte it was meant to stand. One that another process got ahead of stands elsewhere and counts for nothing;
//   its writer reads again and decides anew. So any number of these programs may run at once, without a lock to be left behind.
// - An order that comes again (the same idempotency_key) gets its first answer again, and nothing changes.
// - A hold that has reached its end holds nothing, whether or not anybody said so.
import fs from "node:fs";
import path from "node:path";

const EXIT_RETRY = 75;
const TRIES = 100; // of appending: each failure means that another order was carried out meanwhile
const BUSY = new Set(["EAGAIN", "EBUSY", "EMFILE", "ENFILE", "ENOSPC"]); // of the machine, and may pass

const ledger = process.argv[2];
const journal = path.join(ledger, "journal");

class Refusal extends Error {
  constructor(outcome, reason) {
    super(reason);
    this.report = { outcome, reason };
  }
}

/** What the journal says: holds by thread in the order they began, answers by key, and where it ends. */
function read() {
  const bytes = fs.existsSync(journal) ? fs.readFileSync(journal) : Buffer.alloc(0);
  const state = { holds: new Map(), answers: new Map(), end: bytes.length };
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(10, from);
    const to = newline < 0 ? bytes.length : newline;
    const entry = parsed(bytes.toString("utf8", from, to));
    if (entry !== null && entry.at === from - 1) {
      if (entry.hold) state.holds.set(entry.thread, entry.hold);
      if (entry.answer) state.answers.set(entry.key, entry.answer);
    }
    from = to + 1;
  }
  return state;
}

/** A line of the journal; null for one that a power failure cut off. */
function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** Appends an entry where `state` ended. It begins with a line break of its own, so that half a line before it hurts nothing. */
function append(state, entry) {
  const fd = fs.openSync(journal, "a", 0o600);
  try {
    const bytes = Buffer.from(`\n${JSON.stringify({ at: state.end, ...entry })}\n`);
    if (fs.writeSync(fd, bytes) !== bytes.length) throw new Error("the journal took half a line");
  } finally {
    fs.closeSync(fd);
  }
}

/** Has all of the journal on the disk, whoever wrote it. */
function flush() {
  for (const name of [journal, ledger]) {
    const fd = fs.openSync(name, "r");
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  }
}

function account(number) {
  const lines = fs.readFileSync(path.join(ledger, "accounts.csv"), "utf8").split("\n");
  const found = lines.map((line) => line.trim().split(",")).find((cells) => cells[0] === number);
  if (!found) throw new Refusal("not-found", "no such account here");
  const [, holder, balance, currency] = found;
  return { number, holder, currency, balance: minor(balance), places: (balance.split(".")[1] ?? "").length };
}

/** An amount in minor units: money is never a floating-point number. */
function minor(text) {
  return BigInt(text.replace(".", ""));
}

function money(amount, one) {
  const digits = amount.toString().padStart(one.places + 1, "0");
  const whole = digits.slice(0, digits.length - one.places);
  return { amount: one.places ? `${whole}.${digits.slice(-one.places)}` : whole, currency: one.currency };
}

/** A name as it is compared: one Unicode form, without spaces and case. */
function plain(name) {
  return name.normalize("NFKC").replace(/\s/gu, "").toLowerCase();
}

/** The time as orders write it: RFC 3339 in UTC with microseconds, so that texts compare like times. */
function now() {
  return new Date().toISOString().replace("Z", "000Z");
}

function active(hold, at) {
  return hold.ended === null && hold.until > at;
}

/** The hold after an order. Throws what refuses it. */
function carriedOut(task, holds, at) {
  const before = holds.get(task.thread_id);
  if (task.kind === "stop-payment" || task.kind === "freeze") {
    const { holder, scope, freeze_type, amount, header } = task.order;
    const one = account(header.target.value);
    if (holder && plain(holder) !== plain(one.holder)) throw new Refusal("mismatch", "the name is not the holder's");
    if (before && !active(before, at)) throw new Refusal("out-of-term", "the hold has ended");
    if (scope === "transaction") throw new Refusal("unsupported", "this ledger keeps no transactions to stop");
    const whole = scope === "whole-account" || freeze_type === "full" || freeze_type === "credit-only";
    if (!whole && amount?.currency !== one.currency) {
      throw new Refusal("unsupported", "the account is kept in another currency");
    }
    return { account: one.number, most: whole ? null : minor(amount.amount).toString(), until: task.ends_at, ended: null };
  }
  if (task.kind !== "extend" && task.kind !== "release") {
    throw new Refusal("unsupported", "this bank takes orders on money");
  }
  if (!before) throw new Refusal("not-found", "no hold under this thread");
  if (task.kind === "release") return { ...before, ended: before.ended ?? at };
  if (!active(before, at)) throw new Refusal("out-of-term", "the hold has ended");
  return { ...before, until: task.ends_at };
}

/** The report: what is held under the thread, the balance and what is left; the older hold comes first. */
function report(thread, holds, at) {
  const one = account(holds.get(thread).account);
  let left = one.balance;
  let held = 0n;
  for (const [name, hold] of holds) {
    if (hold.account !== one.number || !active(hold, at)) continue;
    const part = hold.most === null || BigInt(hold.most) > left ? left : BigInt(hold.most);
    left -= part;
    if (name === thread) held = part;
  }
  return { outcome: "done", held: money(held, one), balance: money(one.balance, one), available: money(left, one) };
}

/** The answer to a task, once its effect is on the disk. */
function handle(task) {
  for (let tries = 0; tries < TRIES; tries++) {
    const state = read();
    if (state.answers.has(task.idempotency_key)) {
      flush();
      return state.answers.get(task.idempotency_key);
    }
    const at = now();
    const hold = carriedOut(task, state.holds, at);
    const answer = report(task.thread_id, new Map(state.holds).set(task.thread_id, hold), at);
    append(state, { key: task.idempotency_key, thread: task.thread_id, hold, answer });
  }
  process.exitCode = EXIT_RETRY;
  return null;
}

/** The end of a measure: its hold stopped holding by itself; now the books say so. */
function lapse(task) {
  for (let tries = 0; tries < TRIES; tries++) {
    const state = read();
    const hold = state.holds.get(task.thread_id);
    if (!hold || hold.ended !== null || hold.until > task.ends_at) return flush();
    append(state, { key: task.idempotency_key, thread: task.thread_id, hold: { ...hold, ended: hold.until } });
  }
  process.exitCode = EXIT_RETRY;
}

try {
  fs.closeSync(fs.openSync(journal, "a", 0o600));
  const task = JSON.parse(fs.readFileSync(0, "utf8"));
  if (task.kind === "lapsed") {
    lapse(task);
  } else {
    const answer = handle(task);
    if (answer !== null) console.log(JSON.stringify(answer));
  }
} catch (failure) {
  if (failure instanceof Refusal) {
    console.log(JSON.stringify(failure.report));
  } else {
    console.error(failure.message);
    process.exitCode = BUSY.has(failure.code) ? EXIT_RETRY : 1;
  }
}
