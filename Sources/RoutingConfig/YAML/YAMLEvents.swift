import CYaml

/// A piece of a YAML text, as libyaml reads it, with where it begins.
struct YAMLEvent {
    enum Kind {
        case documentStart, documentEnd, streamEnd
        case scalar(String, ScalarStyle)
        case alias(String)
        case sequenceStart, sequenceEnd
        case mappingStart, mappingEnd
        /// The stream's beginning: says nothing.
        case other
    }

    let kind: Kind
    let mark: YAMLMark
    /// `&name` in front of it.
    let anchor: String?
    /// `!tag` in front of it, if it was written.
    let tag: String?
}

/// A line and a column, from 1; columns in Unicode scalars.
struct YAMLMark: Hashable {
    var line: Int
    var column: Int
}

/// Why libyaml cannot read on.
struct YAMLProblem: Error {
    /// What it found, and while it did what; libyaml's words.
    let problem: String
    let context: String
    let mark: YAMLMark
    let contextMark: YAMLMark
    let isOutOfMemory: Bool
}

/// libyaml's event parser: the one place where its memory is touched.
///
/// Yams' own tree is not used, since it gives up at the first duplicate key and can be made to
/// take for ever by keys that are aliases. Pointers into the parser do not leave this file.
final class YAMLEvents {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>
    private let isReady: Bool

    /// - Parameter bytes: UTF-8; copied.
    init(_ bytes: [UInt8]) {
        parser = .allocate(capacity: 1)
        // One more, so that there is an address even without bytes.
        input = .allocate(capacity: bytes.count + 1)
        input.initialize(repeating: 0)
        _ = input.update(fromContentsOf: bytes)
        isReady = yaml_parser_initialize(parser) == 1
        if isReady {
            yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
            yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
        }
    }

    deinit {
        if isReady { yaml_parser_delete(parser) }
        parser.deallocate()
        input.deallocate()
    }

    /// The next event; `streamEnd` again and again behind the last.
    func next() throws(YAMLProblem) -> YAMLEvent {
        var event = yaml_event_t()
        guard isReady, yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { yaml_event_delete(&event) }
        let mark = Self.mark(event.start_mark)
        switch event.type {
        case YAML_DOCUMENT_START_EVENT:
            return YAMLEvent(kind: .documentStart, mark: mark, anchor: nil, tag: nil)
        case YAML_DOCUMENT_END_EVENT: return YAMLEvent(kind: .documentEnd, mark: mark, anchor: nil, tag: nil)
        // An emptied event stands behind the stream's end.
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT:
            return YAMLEvent(kind: .streamEnd, mark: mark, anchor: nil, tag: nil)
        case YAML_ALIAS_EVENT:
            let name = Self.string(event.data.alias.anchor) ?? ""
            return YAMLEvent(kind: .alias(name), mark: mark, anchor: nil, tag: nil)
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let text = String(
                decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length),
                as: UTF8.self
            )
            return YAMLEvent(
                kind: .scalar(text, Self.style(scalar.style)),
                mark: mark,
                anchor: Self.string(scalar.anchor),
                tag: Self.string(scalar.tag)
            )
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            let (anchor, tag) = (Self.string(start.anchor), Self.string(start.tag))
            return YAMLEvent(kind: .sequenceStart, mark: mark, anchor: anchor, tag: tag)
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            let (anchor, tag) = (Self.string(start.anchor), Self.string(start.tag))
            return YAMLEvent(kind: .mappingStart, mark: mark, anchor: anchor, tag: tag)
        case YAML_SEQUENCE_END_EVENT: return YAMLEvent(kind: .sequenceEnd, mark: mark, anchor: nil, tag: nil)
        case YAML_MAPPING_END_EVENT: return YAMLEvent(kind: .mappingEnd, mark: mark, anchor: nil, tag: nil)
        default: return YAMLEvent(kind: .other, mark: mark, anchor: nil, tag: nil)
        }
    }

    private func problem() -> YAMLProblem {
        let state = parser.pointee
        let isOutOfMemory = !isReady || state.error == YAML_MEMORY_ERROR
        return YAMLProblem(
            problem: isReady ? state.problem.map { String(cString: $0) } ?? "" : "",
            context: isReady ? state.context.map { String(cString: $0) } ?? "" : "",
            mark: isReady ? Self.mark(state.problem_mark) : YAMLMark(line: 1, column: 1),
            contextMark: isReady ? Self.mark(state.context_mark) : YAMLMark(line: 1, column: 1),
            isOutOfMemory: isOutOfMemory
        )
    }

    private static func mark(_ mark: yaml_mark_t) -> YAMLMark {
        YAMLMark(line: Int(clamping: mark.line) &+ 1, column: Int(clamping: mark.column) &+ 1)
    }

    private static func string(_ pointer: UnsafePointer<UInt8>?) -> String? {
        pointer.map { String(cString: $0) }
    }

    private static func style(_ style: yaml_scalar_style_t) -> ScalarStyle {
        switch style {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
        case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
        case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: .block
        default: .plain
        }
    }
}
