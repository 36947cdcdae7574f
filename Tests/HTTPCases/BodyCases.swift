package import HTTP1

/// A chunked body that is refused, and why.
package struct BodyCase: Sendable {
    package let name: String
    package let clause: String
    package let bytes: [UInt8]
    package let error: BodyError

    package var testDescription: String { name }

    init(_ name: String, _ clause: String, _ text: String, refused error: BodyError) {
        self.name = name
        self.clause = clause
        self.error = error
        bytes = Array(text.utf8)
    }

    package static let bad: [BodyCase] = [
        .init("no size", "RFC 9112 §7.1", "\r\n", refused: .badChunkSize),
        .init("no size, and a bare LF", "RFC 9112 §2.2", "\n", refused: .badChunkSize),
        .init("a space before the size", "RFC 9112 §7.1", " 5\r\n", refused: .badChunkSize),
        .init("a tab before the size", "RFC 9112 §7.1", "\t5\r\n", refused: .badChunkSize),
        .init("a letter beyond f", "RFC 9112 §7.1", "g\r\n", refused: .badChunkSize),
        .init("a size with minus", "RFC 9112 §7.1", "-5\r\n", refused: .badChunkSize),
        .init("a size with plus", "RFC 9112 §7.1", "+5\r\n", refused: .badChunkSize),
        .init("a size with 0x", "RFC 9112 §7.1", "0x5\r\n", refused: .badChunkSize),
        .init("a size with an underscore", "RFC 9112 §7.1", "5_0\r\n", refused: .badChunkSize),
        .init("a size with a suffix", "RFC 9112 §7.1", "5h\r\n", refused: .badChunkSize),
        .init("a size with a point", "RFC 9112 §7.1", "5.0\r\n", refused: .badChunkSize),
        .init("a list of sizes", "RFC 9112 §7.1", "5,5\r\n", refused: .badChunkSize),
        .init("a size in other digits", "RFC 9112 §7.1", "٥\r\n", refused: .badChunkSize),
        .init("an extension without a size", "RFC 9112 §7.1", ";a\r\n", refused: .badChunkSize),
        .init("a bare LF after the size", "RFC 9112 §2.2", "5\nhello\r\n", refused: .badChunkSize),
        .init("a bare CR after the size", "RFC 9112 §2.2", "5\rhello\r\n", refused: .badChunkSize),
        .init("two CRs after the size", "RFC 9112 §7.1", "5\r\rhello\r\n", refused: .badChunkSize),
        .init("NUL after the size", "RFC 9112 §7.1", "5\0\r\nhello\r\n", refused: .badChunkSize),
        .init("a space after the size", "RFC 9112 §7.1.1", "5 \r\nhello\r\n", refused: .badChunkExtension),
        .init("a tab after the size", "RFC 9112 §7.1.1", "5\t\r\nhello\r\n", refused: .badChunkExtension),
        .init("two sizes", "RFC 9112 §7.1.1", "5 5\r\nhello\r\n", refused: .badChunkExtension),
        .init(
            "a semicolon and no extension",
            "RFC 9112 §7.1.1",
            "5;\r\nhello\r\n",
            refused: .badChunkExtension
        ),
        .init(
            "a bare LF after an extension (TERM.EXT)",
            "RFC 9112 §7.1.1",
            "5;a\nhello\r\n",
            refused: .badChunkExtension
        ),
        .init("a bare LF after a semicolon", "RFC 9112 §2.2", "5;\nhello\r\n", refused: .badChunkExtension),
        .init(
            "a bare CR in an extension (EXT.TERM)",
            "RFC 9112 §7.1.1",
            "5;a\rb\r\nhello\r\n",
            refused: .badChunkExtension
        ),
        .init(
            "two CRs after an extension",
            "RFC 9112 §7.1.1",
            "5;a\r\r\nhello\r\n",
            refused: .badChunkExtension
        ),
        .init(
            "a space after an extension",
            "RFC 9112 §7.1.1",
            "5;a \r\nhello\r\n",
            refused: .badChunkExtension
        ),
        .init(
            "an extension without its value",
            "RFC 9112 §7.1.1",
            "5;a=\r\nhello\r\n",
            refused: .badChunkExtension
        ),
        .init(
            "an extension without a name",
            "RFC 9112 §7.1.1",
            "5;=b\r\nhello\r\n",
            refused: .badChunkExtension
        ),
        .init(
            "a space in an extension",
            "RFC 9112 §7.1.1",
            "5;a=b c\r\nhello\r\n",
            refused: .badChunkExtension
        ),
        .init(
            "a quoted value that does not end",
            "RFC 9112 §7.1.1",
            "5;a=\"b\r\nhello\r\n",
            refused: .badChunkExtension
        ),
        .init("a quoted line end", "RFC 9112 §7.1.1", "5;a=\"b\\\r\nhello\r\n", refused: .badChunkExtension),
        .init(
            "a byte after a quoted value",
            "RFC 9112 §7.1.1",
            "5;a=\"b\"c\r\nhello\r\n",
            refused: .badChunkExtension
        ),
        .init(
            "a control byte in a quoted value",
            "RFC 9112 §7.1.1",
            "5;a=\"\u{1}\"\r\nhello\r\n",
            refused: .badChunkExtension
        ),
        .init("NUL in an extension", "RFC 9112 §7.1.1", "5;a\0\r\nhello\r\n", refused: .badChunkExtension),
        .init("a size of 2^63", "RFC 9112 §7.1", "8000000000000000\r\n", refused: .chunkTooLarge),
        .init("a size of 2^64-1", "RFC 9112 §7.1", "ffffffffffffffff\r\n", refused: .chunkTooLarge),
        .init("a size of 2^64+5", "RFC 9112 §7.1", "10000000000000005\r\nhello\r\n", refused: .chunkTooLarge),
        .init(
            "a size of 17 digits",
            "RFC 9112 §7.1",
            "00000000000000005\r\nhello\r\n",
            refused: .chunkTooLarge
        ),
        .init("no line end after the data", "RFC 9112 §7.1", "5\r\nhello0\r\n\r\n", refused: .badChunkEnd),
        .init("a bare LF after the data", "RFC 9112 §2.2", "5\r\nhello\n0\r\n\r\n", refused: .badChunkEnd),
        .init("a bare CR after the data", "RFC 9112 §2.2", "5\r\nhello\r0\r\n\r\n", refused: .badChunkEnd),
        .init(
            "more data than the chunk size",
            "RFC 9112 §7.1",
            "4\r\nhello\r\n0\r\n\r\n",
            refused: .badChunkEnd
        ),
        .init(
            "less data than the chunk size",
            "RFC 9112 §7.1",
            "6\r\nhello\r\n0\r\n\r\n",
            refused: .badChunkEnd
        ),
        .init("a last line of a bare LF", "RFC 9112 §2.2", "0\r\n\n", refused: .trailer(.bareLF)),
        .init(
            "a last line of a bare CR",
            "RFC 9112 §2.2",
            "0\r\n\rGET / HTTP/1.1\r\n\r\n",
            refused: .trailer(.bareCR)
        ),
        .init(
            "a request in place of trailers",
            "RFC 9112 §7.1.2",
            "0\r\nGET / HTTP/1.1\r\n\r\n",
            refused: .trailer(.badName)
        ),
        .init(
            "a first trailer that starts with a space",
            "RFC 9112 §7.1.2",
            "0\r\n A: b\r\n\r\n",
            refused: .trailer(.folded)
        ),
        .init("a folded trailer", "RFC 9112 §7.1.2", "0\r\nA: b\r\n c\r\n\r\n", refused: .trailer(.folded)),
        .init("NUL in a trailer", "RFC 9112 §7.1.2", "0\r\nA: b\0\r\n\r\n", refused: .trailer(.badValue)),
        .init(
            "a trailer without a name",
            "RFC 9112 §7.1.2",
            "0\r\n: b\r\n\r\n",
            refused: .trailer(.emptyName)
        ),
        .init(
            "a trailer without a colon",
            "RFC 9112 §7.1.2",
            "0\r\nA\r\n\r\n",
            refused: .trailer(.missingColon)
        ),
        .init(
            "a space before the colon of a trailer",
            "RFC 9112 §7.1.2",
            "0\r\nA : b\r\n\r\n",
            refused: .trailer(.spaceBeforeColon)
        ),
    ]
}
