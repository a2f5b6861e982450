import { describe, expect, it } from 'vitest'
import { findMainClass, findSourceName } from '#server/domain/code/java-names.ts'

describe('the file and the main class of a Java source', () => {
  it.each([
    ['class Main { public static void main(String[] a) {} }', 'Main.java', 'Main'],
    ['public final class Żółw { public static void main(String... a) {} }', 'Żółw.java', 'Żółw'],
    ['class Shape {}\nrecord Point(int x) {}\npublic class App { static class In {} }\nclass Start { public static void main(String[] a) {} }', 'App.java', 'Start'],
    ['package a.b;\npublic class App { static final void main(String[] a) {} }', 'App.java', 'a.b.App'],
    ['/* public class Wrong { */ // class Bad { static void main(\nclass Right { String s = "class Text { static void main("; public static void main(String[] a) {} }', 'Main.java', 'Right'],
    ['int x;', 'Main.java', 'Main'],
    ['public class ../../etc { static void main(', 'Main.java', 'Main'],
  ])('of %j are %s and %s', (code, file, main) => {
    expect([findSourceName(code), findMainClass(code)]).toEqual([file, main])
  })
})
