import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language'
import { Compartment, EditorState, Transaction, type Extension } from '@codemirror/state'
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { grammarOf, indentOf } from './code-highlight.ts'

export interface CodeEditorOptions {
  parent: HTMLElement
  text: string
  language: string
  label: string
  /** The id of the text that says how a keyboard leaves it. */
  describedBy?: string
  isReadOnly: boolean
  onChange: (text: string) => void
}
export interface CodeEditorHandle {
  setText: (text: string) => void
  setLanguage: (language: string) => void
  /** Puts the cursor at the beginning of a line (from 1) and into sight. */
  goToLine: (line: number) => void
  focus: () => void
  close: () => void
}
/** After Escape, Tab leaves the editor for this long; the library's own two seconds are short for many people. */
const LEAVES_FOR_MS = 10_000

// Colours are variables of the page, so that both themes and the switch between them need nothing here.
const WORDS = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword, tags.controlKeyword], color: 'var(--code-keyword)' },
  { tag: [tags.string, tags.special(tags.string), tags.regexp, tags.character], color: 'var(--code-string)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--code-number)' },
  { tag: [tags.comment, tags.lineComment, tags.blockComment, tags.meta], color: 'var(--code-comment)', fontStyle: 'italic' },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.macroName], color: 'var(--code-function)' },
  { tag: [tags.typeName, tags.className, tags.namespace], color: 'var(--code-type)' },
])
const LOOK = EditorView.theme({
  '&': { height: '100%', fontSize: '0.8125rem', color: 'var(--ui-text-highlighted)', backgroundColor: 'transparent' },
  '&.cm-focused': { outline: '2px solid var(--ui-primary)', outlineOffset: '-1px' },
  '.cm-scroller': { fontFamily: 'var(--font-mono)', lineHeight: '1.5' },
  '.cm-content': { caretColor: 'var(--ui-text-highlighted)', padding: '0.5rem 0' },
  '.cm-cursor': { borderLeftColor: 'var(--ui-text-highlighted)' },
  '.cm-gutters': { backgroundColor: 'var(--ui-bg-muted)', color: 'var(--ui-text-muted)', borderRight: '1px solid var(--ui-border)' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in oklab, var(--ui-primary) 6%, transparent)' },
  '.cm-activeLineGutter': { backgroundColor: 'var(--ui-bg-elevated)', color: 'var(--ui-text-highlighted)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'color-mix(in oklab, var(--ui-primary) 22%, transparent)' },
  '.cm-matchingBracket': { backgroundColor: 'color-mix(in oklab, var(--ui-primary) 25%, transparent)', outline: 'none' },
  '.cm-specialChar': { color: 'var(--ui-error)' },
})
/** Escape, then Tab goes on; the page says so beside the editor. Ctrl/Cmd Enter is the page's: it runs the program. */
const leaveKey = { key: 'Escape', run: (view: EditorView) => { queueMicrotask(() => view.setTabFocusMode(LEAVES_FOR_MS)); return false } }
const KEYS = [leaveKey, ...closeBracketsKeymap, ...defaultKeymap.filter(binding => binding.key !== 'Mod-Enter'), ...historyKeymap, indentWithTab]
const EDITING: Extension = [history(), drawSelection(), highlightActiveLine(), highlightActiveLineGutter(), indentOnInput(), closeBrackets(), keymap.of(KEYS)]

/** A code editor in `parent`. Nothing of it leaves this machine. */
export function openCodeEditor({ parent, text, language, label, describedBy, isReadOnly, onChange }: CodeEditorOptions): CodeEditorHandle {
  const [grammar, indent] = [new Compartment(), new Compartment()]
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(), highlightSpecialChars(), bracketMatching(), syntaxHighlighting(WORDS), LOOK, isReadOnly ? readingKeys() : EDITING,
        grammar.of([]), indent.of(indentUnit.of(indentOf(language))), EditorState.tabSize.of(4),
        EditorView.contentAttributes.of({ 'aria-label': label, 'tabindex': '0', ...(describedBy !== undefined && { 'aria-describedby': describedBy }) }),
        EditorView.updateListener.of(update => { if (update.docChanged && !update.transactions.some(isOurs)) onChange(update.state.doc.toString()) }),
      ],
    }),
  })
  let wanted = ''
  function setLanguage(next: string): void {
    wanted = next
    view.dispatch({ effects: indent.reconfigure(indentUnit.of(indentOf(next))) })
    void grammarOf(next).then((found) => { if (wanted === next) view.dispatch({ effects: grammar.reconfigure(found) }) })
  }
  setLanguage(language)
  return {
    setLanguage, focus: () => view.focus(), close: () => { wanted = '\0'; view.destroy() },
    setText(next) {
      if (next !== view.state.doc.toString()) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next }, annotations: Transaction.remote.of(true) })
    },
    goToLine(line) {
      const { from } = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines))
      view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) })
      view.focus()
    },
  }
}
/** Set from outside: who set it knows. */
const isOurs = (transaction: Transaction) => transaction.annotation(Transaction.remote) === true
const readingKeys = (): Extension => [EditorState.readOnly.of(true), EditorView.editable.of(false)]
