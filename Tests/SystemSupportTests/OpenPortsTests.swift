import SystemSupport
import Testing

@Suite struct OpenPortsTests {
    @Test func `Sockets that listen on every address are found`() {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:094B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
               1: 00000000:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2
               2: 00000000:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 3
               3: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0:0 0:0 0
               4: broken
            """
        #expect(OpenPorts.parse(Array(table.utf8)) == [0x35, 0x50])
        #expect(OpenPorts.parse([]) == [])
    }
}
