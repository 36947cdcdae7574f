/// A word of a configuration, as nginx reads it: without quotes, its escapes undone.
struct Word: Hashable {
    let text: String
    let place: NginxPlace
}

/// `name argument… ;` or `name argument… { … }`.
struct Directive {
    let words: [Word]
    /// Nil: it ends with a semicolon.
    let block: [Directive]?

    var name: String { words.first?.text ?? "" }
    var place: NginxPlace { words.first?.place ?? NginxPlace(file: "", line: 0, column: 0) }
    var arguments: ArraySlice<Word> { words.dropFirst() }

    /// The argument at `index`, from 0.
    func argument(_ index: Int) -> String? {
        arguments.count > index ? arguments[arguments.startIndex + index].text : nil
    }
}

extension [Directive] {
    func named(_ name: String) -> [Directive] { filter { $0.name == name } }
}
