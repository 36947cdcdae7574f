import CNghttp2
import Testing

/// The memory that the library's sessions get, in a mapping of their own or not.
@Suite struct SessionMemoryTests {
    @Test func `A piece keeps its bytes when it grows and shrinks, across the bound of mappings`() throws {
        let sizes = [
            1, 64, 65, 100, 700, 2048, 2049, 16 << 10, 3000, 100 << 10, 1500, 20 << 10, 50, 40 << 10,
        ]
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

    @Test(arguments: [8, 512, 1024, 2056, 64 << 10])
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
        #expect(berth_session_header(small).mapped == 0)
        #expect(berth_session_header(large).mapped == (16 << 10) + Int(BERTH_PIECE_HEADER))
    }

    @Test func `Freed pieces of a size come again, up to a bound`() throws {
        let place = berth_piece_place(300)
        #expect(berth_piece_size(place) == 320)
        let pieces = try (0..<300).map { _ in try #require(berth_session_malloc(300, nil)) }
        for piece in pieces { berth_session_free(piece, nil) }
        let kept = try #require(berth_session_malloc(310, nil))
        defer { berth_session_free(kept, nil) }
        #expect(pieces.contains(kept))
        #expect(berth_pieces().pointee.count.4 == UInt32(BERTH_KEPT_SMALL) - 1)
    }

    @Test func `Each size up to 2,048 bytes has its place`() {
        for size in 1...2048 {
            let place = berth_piece_place(size)
            #expect(place < Int(BERTH_PIECE_SIZES) && berth_piece_size(place) >= size)
        }
        #expect(berth_piece_place(2049) == Int(BERTH_PIECE_SIZES))
    }
}
