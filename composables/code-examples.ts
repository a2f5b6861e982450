/** A starting program for each language: what came in, said back. Short, and it works as it stands. */
const EXAMPLES: Record<string, string> = {
  python: `import sys

name = sys.stdin.readline().strip() or "world"
print(f"Hello, {name}!")
`,
  javascript: `const name = require('node:fs').readFileSync(0, 'utf8').trim() || 'world'
console.log(\`Hello, \${name}!\`)
`,
  typescript: `import { readFileSync } from 'node:fs'

enum Tone { Calm = '.', Glad = '!' }
const name: string = readFileSync(0, 'utf8').trim() || 'world'
console.log(\`Hello, \${name}\${Tone.Glad}\`)
`,
  bash: `read -r name
echo "Hello, \${name:-world}!"
`,
  go: `package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	name := "world"
	if in := bufio.NewScanner(os.Stdin); in.Scan() && in.Text() != "" {
		name = in.Text()
	}
	fmt.Printf("Hello, %s!\\n", name)
}
`,
  c: `#include <stdio.h>

int main(void) {
    char name[100] = "world";
    scanf("%99s", name);
    printf("Hello, %s!\\n", name);
    return 0;
}
`,
  cpp: `#include <iostream>
#include <string>

int main() {
    std::string name;
    if (!std::getline(std::cin, name) || name.empty()) name = "world";
    std::cout << "Hello, " << name << "!\\n";
}
`,
  rust: `use std::io;

fn main() {
    let mut name = String::new();
    io::stdin().read_line(&mut name).unwrap();
    let name = if name.trim().is_empty() { "world" } else { name.trim() };
    println!("Hello, {name}!");
}
`,
  java: `import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        String name = in.hasNextLine() ? in.nextLine() : "";
        System.out.println("Hello, " + (name.isEmpty() ? "world" : name) + "!");
    }
}
`,
  ruby: `name = $stdin.gets.to_s.strip
name = "world" if name.empty?
puts "Hello, #{name}!"
`,
  php: `<?php
$name = trim((string) fgets(STDIN)) ?: 'world';
echo "Hello, {$name}!\\n";
`,
  lua: `local name = io.read("l")
if not name or name == "" then name = "world" end
print("Hello, " .. name .. "!")
`,
  perl: `use strict;
use warnings;

my $name = <STDIN> // '';
chomp $name;
printf "Hello, %s!\\n", $name || 'world';
`,
}

/** The starting program of a language; empty for one we have none for. */
export const exampleOf = (language: string): string => (Object.hasOwn(EXAMPLES, language) ? EXAMPLES[language]! : '')
export const EXAMPLE_LANGUAGES = Object.keys(EXAMPLES)
