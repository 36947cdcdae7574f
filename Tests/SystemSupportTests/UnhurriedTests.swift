import Glibc
import Testing

@testable import SystemSupport

@Suite struct UnhurriedTests {
    private actor Sum {
        private(set) var nices: Set<Int32> = []
        func add() { nices.insert(nice) }
    }

    @Test(.enabled(if: nice < 10))
    func `Its thread yields to the others, whatever the work waits for, and whoever waits for it`() async {
        let sum = Sum()
        let values = await Unhurried.value {
            var values: Set<Int32> = []
            for _ in 0..<20 {
                await sum.add()
                await Task.yield()
                try? await Task.sleep(for: .microseconds(10))
                values.insert(nice)
            }
            return values
        }
        #expect(values == [10])
        #expect(await sum.nices == [10])
        #expect(nice < 10)
    }
}

private var nice: Int32 { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }
