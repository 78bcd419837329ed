"""Sources with and without documentation in every language that can be documented, sound and somewhat tricky."""

from __future__ import annotations

SOURCES = {
    "python": '''#!/usr/bin/env python3
"""Orders of a small bakery."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field


@dataclass
class Order:
    """What somebody wants.

    Attributes:
        customer: who.
    """

    customer: str
    loaves: int = 1
    notes: list[str] = field(default_factory=list)

    def __init__(self, customer, *, loaves: int = 1): pass

    @property
    def is_large(self) -> bool:
        return self.loaves > 12  # a dozen

    @is_large.setter
    def is_large(self, value):
        self.loaves = 13 if value else 1

    @staticmethod
    def parse(line: str, /, sep: str = "\\t", *rest: str, strict=False, **extra: object) -> Order:
        """Reads an order.

        Args:
            line: as it came.

        Raises:
            ValueError: it is empty.
        """
        if not line:
            raise ValueError("empty")
        if strict and len(rest) > 2:
            raise KeyError(rest)
        return Order(line.split(sep)[0])


def bake(orders, temperature: float = 2.2e2,
         at: "tuple[int, int]" = (6, 30)):
    # The oven is hot by now.
    for order in orders:
        yield order.customer, f"{temperature!r:>8}", """not a
docstring"""


async def deliver(order: Order) -> None:
    def inner(x):
        return x + 1

    return await functools.partial(print, inner)(order)


class Empty: ...


if True:
\tdef tabbed(a, b=lambda q: {"k": [1, 2]}):
\t\treturn a
def one_line(x): return x


def last(value: int) -> int:
    "Short one."
    return value
''',
    "javascript": """#!/usr/bin/env node
'use strict';
import { read } from './io.js';

/**
 * Adds things up.
 *
 * @param {number} a - the first.
 * @returns {number} the sum.
 */
export function add(a, b = 2, ...more) {
  return more.reduce((x, y) => x + y, a + b);
}

export default async function* walk({ root, depth = 3 }, [first, second], signal) {
  if (depth < 0) throw new RangeError(`depth ${depth}`);
  yield* root.children.map((child) => walk({ root: child }, [], signal));
}

// eslint-disable-next-line no-unused-vars
const half = x => x / 2, double = (x) => { return x * 2 };

export class Stack extends Array {
  #size = 0;
  static limit = 10;
  constructor(items, limit) { super(); this.limit = limit }
  get size() { return this.#size }
  set size(value) { this.#size = value }
  /** Puts one on top. */
  push(item) { if (!item) { throw new TypeError('none') } return super.push(item) }
  #grow() {}
  toss = (count) => { this.length -= count }
}

module.exports.helper = function (a, b) { return /[/*]/.test(a) ? a : b };
const api = { get(key) { return key }, put: (key, value) => {}, '/**': 1 };
label: for (;;) { break label }
function asi() {
  return
  /* a comment */ 1
}
""",
    "javascriptreact": """import React, { useState } from 'react';

/** A button that counts. */
export function Counter({ start = 0, label, ...rest }) {
  const [count, setCount] = useState(start);
  const add = () => setCount(count + 1);
  return (
    <button {...rest} onClick={() => { add() }}>
      {/* shown */} {label}: {count} \\ it
      {count > 3 && <b>{`many ${count}`}</b>}
    </button>
  );
}

export const List = ({ items }) => <ul>{items.map((item) => <li key={item}>** text ** {item}</li>)}</ul>;

function useTimer(ms) { return React.useMemo(() => Date.now() + ms, [ms]) }
""",
    "typescript": """import type { Reader } from "./reader";

export type Pair<A, B = A> = { left: A; right?: B };

/**
 * Something with a name.
 *
 * @typeParam T - what it holds.
 */
export interface Named<T extends object> {
  readonly name: string;
  rename(to: string, force?: boolean): Promise<void>;
  find<K extends keyof T>(key: K): T[K] | undefined;
}

export enum Colour { Red = "red", Green = "green" }

export function pick(value: string): string;
export function pick(value: number, radix?: number): string;
export function pick(value: string | number, radix = 10): string {
  return typeof value === "string" ? value : value.toString(radix);
}

export abstract class Store<T extends object> implements Iterable<T> {
  private items: Map<string, T> = new Map();
  constructor(private readonly reader: Reader, public limit: number = 5) {}

  /**
   * Loads one.
   * @param key - its name.
   */
  async load(this: Store<T>, key: string, { retries = 2 }: { retries?: number } = {}): Promise<T> {
    const found = await this.reader.read<T>(key);
    if (!found) throw new Error(`no ${key}`);
    return found as unknown as T;
  }

  abstract save(item: T): void;
  protected get size(): number { return this.items.size }
  @memo() *[Symbol.iterator]() { yield* this.items.values() }
}

// @ts-ignore
export const identity = <T,>(value: T): T => value;
declare namespace Deep { function inner(a: number): asserts a is 1; }
function memo() { return (target: any, key: string) => {} }
""",
    "typescriptreact": """type Props = { title: string; onPick?: (item: string) => void };

export const Menu: React.FC<Props> = ({ title, onPick }) => {
  function pick(item: string): void { onPick?.(item) }
  return <nav aria-label={title}>{["a", "b"].map((item) => <a key={item} onClick={() => pick(item)}>{item}</a>)}</nav>;
};

/**
 * Wraps children.
 */
export default function Frame({ children }: { children: React.ReactNode }, ref?: unknown) {
  return <div>{children} as text</div>;
}
""",
    "go": """//go:build linux

package bakery

import (
\t"errors"
\t"fmt"
)

//go:generate stringer -type=Kind
type Kind int

const (
\tBread Kind = iota
\tRoll // small
)

// Oven bakes things.
type Oven struct {
\tHeat, Max float64 `json:"heat"`
\tnames     map[string]func(int) (string, error)
}

type Baker interface {
\tBake(kind Kind, count int) (loaves []string, err error)
}

func New(heat float64, opts ...func(*Oven)) *Oven {
\to := &Oven{Heat: heat}
\tfor _, opt := range opts {
\t\topt(o)
\t}
\treturn o
}

func (o *Oven) Bake(kind Kind, count int) (loaves []string, err error) {
\tif count < 0 {
\t\treturn nil, errors.New("negative /* not a comment */")
\t}
\treturn append(loaves, fmt.Sprint(`raw // string`, kind)), nil
}

// Map applies it.
func Map[T, U any](in []T, f func(T) U) (out []U) { for _, v := range in { out = append(out, f(v)) }; return out }

var _ Baker = (*Oven)(nil); func private() {}
""",
    "rust": """//! A bakery.
#![allow(dead_code)]

use std::fmt;

/// A kind of bread.
#[derive(Debug, Clone)]
pub enum Kind { Rye, Wheat { grams: u32 }, #[doc(hidden)] Other(String) }

#[derive(Default)]
pub struct Oven<'a, T: 'a + Clone> {
    pub heat: f64,
    names: Vec<&'a T>,
}

impl<'a, T: Clone> Oven<'a, T> {
    pub const fn new(heat: f64) -> Self { Oven { heat, names: Vec::new() } }

    /// Bakes one.
    ///
    /// # Errors
    ///
    /// When it is cold.
    pub fn bake(&mut self, kind: &Kind, mut count: usize, (a, _b): (u8, u8)) -> Result<String, fmt::Error> {
        if self.heat < 1.0 { panic!("cold: {:?} '{}'", kind, 'x'); }
        count += a as usize; /* nested /* comment */ */
        Ok(format!(r#"{} "/// loaves""#, count))
    }

    pub unsafe fn peek(&self, at: *const T) -> &'a T { &*at }
}

pub trait Baker { type Out; fn bake(&self, grams: u32) -> Self::Out where Self: Sized; fn clean(&self) {} }

#[inline]
#[must_use]
pub async fn deliver<F>(count: usize, f: F) -> Option<usize> where F: Fn(usize) -> usize { Some(f(count)) }

macro_rules! loaf { ($x:expr) => { fn hidden() -> u8 { $x } } }
mod inner { pub(crate) fn help() {} }
#[cfg(test)] mod tests { #[test] fn works() { assert_eq!(super::inner::help(), ()); } }
""",
    "java": """package org.example.bakery;

import java.util.*;

/**
 * An oven.
 */
@SuppressWarnings("unused")
public final class Oven<T extends Comparable<T>> implements Iterable<T> {
    private final Map<String, List<T>> items = new HashMap<>();

    public Oven(int heat, final T... items) throws IllegalStateException { this.heat = heat; }

    @Override
    public Iterator<T> iterator() { return null; }

    /**
     * Bakes.
     *
     * @param kind what
     */
    @Deprecated(since = "2") public <K, V> List<V> bake(@Nullable Map<K, ? extends V> kind, int[] count, long... rest)
            throws java.io.IOException {
        if (count == null) throw new IllegalArgumentException("/** none */");
        char quote = '"', slash = '\\\\';
        return new ArrayList<>() {{ add(null); }};
    }

    int size() { return 1; } int twice() { return 2; }
    protected abstract static class Shelf { abstract void put(Oven<?> this, Object value); }
    public record Loaf(String name, double grams) { public Loaf { Objects.requireNonNull(name); } }
    public enum Kind { RYE { @Override int weight() { return 1; } }, WHEAT; int weight() { return 0; } }
    @interface Marked { String value() default "x"; }
    interface Baker { void bake(); default int count(int a) { return a; } }
}
""",
    "c": """#ifndef OVEN_H
#define OVEN_H
#include <stddef.h>

#define HEAT(x) \\
    do { oven_heat(x); } while (0)

/** An oven. */
typedef struct oven {
    double heat; /**< degrees */
    char *name;
} oven_t;

enum kind { RYE, WHEAT };

extern int oven_heat(oven_t *oven, double degrees);
static inline const char *oven_name(const oven_t *oven) { return oven->name; }

/**
 * @brief Bakes some.
 * @param oven where
 */
int oven_bake(oven_t *oven, int (*each)(int, void *), unsigned counts[], size_t n, ...)
{
    char c = '"'; /* it's */ // here
    for (size_t i = 0; i < n; i++) { if (!each((int)counts[i], oven)) return -1; }
    return 0;
}

void old_style(a, b) int a; char *b; { }
struct point { int x, y; }; union any { int i; float f; };
#if defined(FAST) && \\
    FAST > 1
int fast(void);
#endif
#endif
""",
    "cpp": """#pragma once
#include <string>
#include <vector>

namespace bakery {

/// An oven.
/// @tparam T what it bakes.
template <typename T, int Size = 4>
class Oven : public Base<T> {
public:
    explicit Oven(double heat, std::string name = "o, \\"ven\\"") : heat_(heat) {}
    virtual ~Oven() = default;
    Oven(const Oven&) = delete;
    /// Bakes.
    /// @param kind what.
    std::vector<T> bake(const T& kind, int&& count, void (*done)(int) = nullptr) const noexcept override;
    T operator[](std::size_t at) const { if (at > Size) throw std::out_of_range{"at"}; return items_[at]; }
    static auto make() -> Oven<T>* { return new Oven<T>(R"(raw /** ")" ? 1.0 : 2.0); }
private:
    double heat_; T items_[Size];
};

template <class T>
[[nodiscard]] constexpr T twice(T value) { return value * 2; }

struct Point { int x; int y; Point() : x{0}, y{0} {} }; enum class Kind : int { rye, wheat };
using Alias = std::vector<int>;
auto lambda = [](int a) { return a; };
}  // namespace bakery

template <> int bakery::twice<int>(int value);
int main(int argc, char** argv) { return argc > 1'000 ? 1 : 0; }
""",
}
"""By LSP identifier."""
