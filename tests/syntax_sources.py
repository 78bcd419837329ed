"""Short sound sources, one in each language with a grammar."""

from __future__ import annotations

SOURCES = {
    "python": '''"""Shelves of a library."""

from dataclasses import dataclass


@dataclass
class Shelf:
    """Books by title. Größe: 😀"""

    books: dict[str, int]

    def borrow(self, title: str, count: int = 1) -> bool:
        # Nobody borrows what is not there.
        if self.books.get(title, 0) < count:
            return False
        self.books[title] -= count
        print(f"{title!r} (now {self.books[title]:>3})")
        return True


def total(shelves):
    return sum(
        sum(shelf.books.values())
        for shelf in shelves
    )
''',
    "javascript": """import { open } from "./files.js";

/* Counts words,
   in any script: 日本 */
export function countWords(path, { limit = 10 } = {}) {
  const counts = new Map();
  for (const word of open(path).split(/[\\s"']+/)) {
    counts.set(word, (counts.get(word) ?? 0) + 1); // one more
  }
  return [...counts].sort((a, b) => b[1] - a[1]).slice(0, limit);
}

console.log(`top: ${countWords("a.txt").map(([w]) => `<${w}>`)}`);
""",
    "typescriptreact": """type Props = { name: string; items?: string[] };

export const List = ({ name, items = [] }: Props) => {
  const shown = items.filter((item): item is string => item !== "");
  return (
    <section title={`list of ${name}`}>
      {shown.map((item) => (
        <p key={item}>{item} – 😀</p>
      ))}
    </section>
  );
};
""",
    "go": """package shelf

import "fmt"

// Borrow takes a book; 日本.
func (s *Shelf) Borrow(title string) error {
	if s.books[title] == 0 {
		return fmt.Errorf("no %q", title)
	}
	switch n := s.books[title]; {
	case n > 10:
		s.many = true
	default:
		s.books[title]--
	}
	raw := `a
	{b`
	_ = raw
	return nil
}
""",
    "rust": """use std::collections::HashMap;

/// A shelf: 😀
pub struct Shelf<'a> {
    books: HashMap<&'a str, u32>,
}

impl<'a> Shelf<'a> {
    /* nested /* comment */ */
    pub fn borrow(&mut self, title: &'a str) -> Result<(), String> {
        match self.books.get_mut(title) {
            Some(n) if *n > 0 => {
                *n -= 1;
                Ok(())
            }
            _ => Err(format!(r#"no "{}""#, title)),
        }
    }
}
""",
    "java": """package shelf;

/** Books. 日本 */
public final class Shelf {
    private final java.util.Map<String, Integer> books = new java.util.HashMap<>();

    public boolean borrow(String title) {
        int n = books.getOrDefault(title, 0);
        if (n == 0) {
            return false; // none left
        }
        books.put(title, n - 1);
        return "x".equals(title) || title.charAt(0) != '"';
    }
}
""",
    "c": """#include <stdio.h>
#include "shelf.h"

/* Borrows a book. */
int borrow(struct shelf *shelf, const char *title)
{
    for (int i = 0; i < shelf->num_books; i++) {
        if (shelf->books[i].title == title && shelf->books[i].count > 0) {
            shelf->books[i].count--;
            return 1;
        }
    }
    printf("no \\"%s\\"%c", title, '\\n'); // sorry
    return 0;
}
""",
    "cpp": """#include <map>
#include <string>

namespace shelves {

template <class Title>
class Shelf {
public:
    // Borrows a book: ☃
    bool borrow(const Title& title) {
        auto found = books_.find(title);
        if (found == books_.end()) {
            return false;
        }
        --found->second;
        return log(R"(a "book")", [&](auto& out) { out << title; });
    }

private:
    std::map<Title, int> books_;
};

}  // namespace shelves
""",
}
