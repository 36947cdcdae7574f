import Routing

/// A word of a configuration as nginx reads it: without quotes, with its escapes decoded.
struct Word: Hashable {
    let text: String
    let position: SourceLocation
}

/// `name argument… ;` or `name argument… { … }`.
struct Directive {
    let words: [Word]
    /// Nil: it ends with a semicolon.
    let block: [Directive]?

    var name: String { words.first?.text ?? "" }
    var position: SourceLocation { words.first?.position ?? SourceLocation(file: "", line: 0, column: 0) }
    var arguments: ArraySlice<Word> { words.dropFirst() }

    /// The argument at `index`, from 0.
    func argument(_ index: Int) -> String? {
        arguments.count > index ? arguments[arguments.startIndex + index].text : nil
    }

    /// Name and arguments as text, at most `count` words.
    func text(words count: Int = .max) -> String {
        words.prefix(count).map(\.text).joined(separator: " ")
    }
}

extension [Directive] {
    func named(_ name: String) -> [Directive] { filter { $0.name == name } }
}

extension SourceLocation {
    /// `nginx.conf:12`, as findings and comments of rule files show it. The column counts bytes.
    var fileAndLine: String { "\(file):\(line)" }
}
