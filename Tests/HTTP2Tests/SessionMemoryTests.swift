import CNghttp2
import Testing

/// The memory that the library's sessions get, in a mapping of their own or not.
@Suite struct SessionMemoryTests {
    @Test func `A piece keeps its bytes when it grows and shrinks, across the bound of mappings`() throws {
        let sizes = [1, 100, 16 << 10, 100 << 10, 20 << 10, 50, 40 << 10]
        var piece = try #require(berth_session_realloc(nil, 1, nil))
        defer { berth_session_free(piece, nil) }
        var kept = 0
        for size in sizes {
            piece = try #require(berth_session_realloc(piece, size, nil))
            let bytes = UnsafeMutableBufferPointer(
                start: piece.assumingMemoryBound(to: UInt8.self),
                count: size
            )
            #expect(bytes.prefix(min(kept, size)).allSatisfy { $0 == 7 })
            bytes.update(repeating: 7)
            kept = size
        }
    }

    @Test(arguments: [8, 64 << 10])
    func `A cleared piece is zero`(size: Int) throws {
        let used = try #require(berth_session_malloc(size, nil))
        used.initializeMemory(as: UInt8.self, repeating: 7, count: size)
        berth_session_free(used, nil)
        let piece = try #require(berth_session_calloc(size / 8, 8, nil))
        defer { berth_session_free(piece, nil) }
        #expect(UnsafeRawBufferPointer(start: piece, count: size).allSatisfy { $0 == 0 })
    }

    @Test func `A size that does not exist is refused, and nothing may be freed`() {
        #expect(berth_session_calloc(.max, 2, nil) == nil)
        #expect(berth_session_calloc(.max, 3, nil) == nil)
        #expect(berth_session_malloc(-1, nil) == nil)
        berth_session_free(nil, nil)
    }

    @Test func `A large piece is in a mapping of its own, with no page that nobody wrote to`() throws {
        let small = try #require(berth_session_malloc(100, nil))
        let large = try #require(berth_session_malloc(16 << 10, nil))
        defer {
            berth_session_free(small, nil)
            berth_session_free(large, nil)
        }
        let header = Int(BERTH_PIECE_HEADER)
        #expect(berth_session_mapped((small - header).assumingMemoryBound(to: CChar.self)) == 0)
        #expect(
            berth_session_mapped((large - header).assumingMemoryBound(to: CChar.self)) == (16 << 10) + header
        )
    }
}
