import Bytes

extension BodyDecoder {
    /// The next line of the trailer section. The first is returned when the whole section was found to be well
    /// formed, so that nothing of a malformed one passes on. RFC 9112 §7.1.2.
    mutating func nextTrailer(_ bytes: Span<UInt8>, _ offset: inout Int) throws(BodyError) -> BodyPiece {
        if case .trailers = state, !bytes.isLineEnd(at: offset) {
            let found: Bool
            do throws(BodyError) { found = try checkSection(bytes, offset) } catch { throw fail(error) }
            guard found else { return .needMore }
        }
        state = .trailerLines
        var field = Field(name: .empty, value: .empty, line: .empty, id: .other, hopByHop: false)
        var position = offset
        let line: FieldLine
        do throws(FieldError) {
            line = try field.parseLine(bytes, at: &position)
        } catch {
            throw fail(.trailer(error))
        }
        let range = ByteRange(offset, position)
        switch line {
        case .incomplete: return .needMore
        case .end:
            offset = position
            state = .done
            return .framing(range)
        case .field, .looseField:
            offset = position
            return Self.mayPass(bytes, field) ? .trailer(range) : .skipped(range)
        }
    }

    /// Whether the section at `offset` is complete and well formed.
    private mutating func checkSection(_ bytes: Span<UInt8>, _ offset: Int) throws(BodyError) -> Bool {
        let window = HeadWindow(bytes, from: offset, limit: max(2, limits.headBytes))
        let available = bytes.count &- offset
        if scanned > 0, window.needsMore(from: offset &+ scanned) {
            scanned = available
            return false
        }
        var field = Field(name: .empty, value: .empty, line: .empty, id: .other, hopByHop: false)
        var position = offset
        var count = 0
        do throws(FieldError) {
            while true {
                let start = position
                let line = try field.parseLine(window.bytes, at: &position)
                if case .end = line {
                    scanned = 0
                    return true
                }
                if case .incomplete = line { break }
                count &+= 1
                if count > limits.fields {
                    position = start
                    throw .tooMany
                }
            }
        } catch {
            if window.isFinal(at: position) { throw .trailer(error) }
        }
        if window.isFull { throw .trailer(.tooLarge) }
        scanned = available
        return false
    }

    /// Whether a field may be a trailer. RFC 9110 §6.5.1: not if it is for framing, routing, authentication,
    /// request control, response control or the content's format. Nor if it is for one hop only, or if proxies
    /// describe the client with it: a recipient may merge trailers into the head, and such a field could be forged.
    fileprivate static func mayPass(_ bytes: Span<UInt8>, _ field: Field) -> Bool {
        switch field.id {
        case .etag, .server, .lastModified, .acceptRanges, .allow, .contentLanguage:
            true
        case .other:
            ClaimedField.of(bytes.extracting(field.name.indices)) == nil
                && !bytes.begins(field.name, with: "proxy-")
        default: false
        }
    }
}

/// A trailer section that did not arrive in chunks.
package enum TrailerSection {
    /// - Parameter lines: field lines, each with its line end.
    /// - Returns: those that may pass on, as in a chunked body. Nothing from a malformed line on.
    package static func passing(_ lines: Span<UInt8>) -> [ByteRange] {
        var field = Field(name: .empty, value: .empty, line: .empty, id: .other, hopByHop: false)
        var ranges: [ByteRange] = []
        var position = 0
        while position < lines.count {
            let start = position
            guard case .field? = try? field.parseLine(lines, at: &position) else { break }
            if BodyDecoder.mayPass(lines, field) { ranges.append(ByteRange(start, position)) }
        }
        return ranges
    }
}

extension Span<UInt8> {
    /// Whether the first bytes of the range are these letters, without regard to case.
    func begins(_ range: ByteRange, with lowercase: StaticString) -> Bool {
        let length = lowercase.utf8CodeUnitCount
        guard range.count >= length else { return false }
        return equals(ByteRange(range.lowerBound, range.lowerBound &+ length), lowercase)
    }
}
