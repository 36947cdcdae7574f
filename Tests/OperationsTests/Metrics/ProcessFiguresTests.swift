import Testing

@testable import Operations

@Suite struct ProcessFiguresTests {
    @Test func `The name of a process may have spaces and parentheses`() throws {
        let rest = (3...52).map { "\($0)" }.joined(separator: " ")
        let stat = try #require(ProcessFigures.Stat("7 (a) b) " + rest))
        #expect(stat.ticks == 14 + 15 && stat.start == 22 && stat.pages == 24)
        #expect(ProcessFigures.Stat("7 (a") == nil)
        #expect(ProcessFigures.Stat("7 (a) R 1 2") == nil)
    }

    @Test func `This process has memory, descriptors and a start`() throws {
        let figures = ProcessFigures.read()
        #expect(try #require(figures.residentMemory) > 1 << 20)
        #expect(try #require(figures.openDescriptors) > 2)
        #expect(try #require(figures.start) > 1_700_000_000)
        #expect(figures.cpu != nil && figures.maxDescriptors != nil)
    }
}
