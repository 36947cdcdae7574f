package import HTTP1

// Why each thing is refused: what goes wrong behind a proxy that is more lenient. For docs/bad-inputs.md.

extension RequestError {
    package var why: String {
        switch self {
        case .badMethod:
            "What does not begin as a request is not searched for one: bytes in front may be the rest of another."
        case .methodNotAllowed: "A tunnel would carry requests that no rule ever saw."
        case .badTarget:
            "Readers cut, decode or skip such bytes differently, and so see another path or another line."
        case .targetTooLong: "A bound on memory, and on what every rule has to look at."
        case .badVersion: "A line with other spaces, ends or parts is one request here and another behind."
        case .versionNotSupported:
            "The bytes that follow are of another protocol; reading them as this one invents requests."
        case .missingHost: "Without a host the next reader chooses one of its own."
        case .severalHosts:
            "One tier routes by the first, the next answers for the last, even if they only seem equal."
        case .badHost:
            "The host is the route: what some readers cut off, decode or take for a user or a path leads elsewhere."
        case .unknownExpectation: "Nobody behind may be left waiting for something that will not come."
        case .traceWithBody:
            "A TRACE has none; readers that know it leave the body in the connection, as a request."
        case .headTooLarge: "A bound on memory: a header flood costs no more than this."
        case .field(let error): error.why
        case .framing(let error): error.why
        }
    }
}

extension ResponseError {
    package var why: String {
        switch self {
        case .badVersion:
            "What does not begin as an answer is none; bytes in front may be the rest of another's."
        case .versionNotSupported: "The bytes that follow are of another protocol."
        case .badStatus: "The status decides whether a body follows: it must be read by all in one way."
        case .badReason:
            "A reason phrase with line ends or NUL is a header of the attacker's to some readers."
        case .headTooLarge: "A bound on memory."
        case .field(let error): error.why
        case .framing(let error): error.why
        }
    }
}

extension FieldError {
    package var why: String {
        switch self {
        case .emptyName: "Some readers end the head here, some skip the line."
        case .badName: "Some readers skip the line, some repair the name: a length that one of them sees."
        case .spaceBeforeColon:
            "Some readers drop the space and see the field, some see another field: hides lengths and codings."
        case .missingColon: "Some readers skip the line, some take it for a fold, some end the head."
        case .folded: "Some readers join the line to the one before, some see a field of its own."
        case .badValue: "Control bytes end strings and lines in some readers, and change what a log shows."
        case .bareCR: "A line end to some readers: hides a field, or a whole request, in a value."
        case .bareLF: "A line end to many readers and not to others; TERM.EXT and header hiding live of it."
        case .tooMany: "A bound on work: a header flood is refused when it is one line too long."
        case .tooLarge: "A bound on memory."
        }
    }
}

extension FramingError {
    package var why: String {
        switch self {
        case .lengthAndCoding: "CL.TE and TE.CL: one tier ends the body by the one, the next by the other."
        case .severalLengths:
            "One tier believes the first, the next the last (CL.CL), even if they only seem equal."
        case .badLength:
            "Readers parse signs, spaces, prefixes and overflow differently (CL.CL with one field)."
        case .severalCodings: "TE.TE: one tier believes the first field, the next the last."
        case .badCoding:
            "TE.TE: what one tier takes for chunked is unknown to the next, which falls back to a length."
        case .unknownCoding: "A coding that is not decoded hides where the body ends."
        case .codingInHTTP10: "HTTP/1.0 has no codings: an old reader behind would go by length or close."
        case .badConnection: "What is no name cannot be taken off, and might be a name to the next."
        case .tooManyConnectionOptions: "Each name is looked up among all fields: a bound on work."
        }
    }
}

extension BodyError {
    package var why: String {
        switch self {
        case .badChunkSize:
            "Readers parse signs, prefixes, spaces and line ends differently: the chunk ends in two places."
        case .chunkTooLarge: "The size overflows in some readers and becomes a small one."
        case .badChunkExtension: "Readers find the line's end in different places (TERM.EXT, EXT.TERM)."
        case .chunkLineTooLong: "A bound on memory."
        case .tooMuchExtension: "A bound on work for next to no data."
        case .badChunkEnd:
            "Readers that do not look skip two bytes, whatever they are, and read on in another place."
        case .trailer(let error): error.why
        case .truncated: "Half a body must not pass for a whole one."
        }
    }
}
