import Testing

@testable import MCPHub

@Suite("When a server is reached and listed")
struct LifeStateMachineTests {
    private let start = ContinuousClock.now

    @Test("a server is reached at once, and after failures ever later, up to a minute")
    func backoff() {
        var life = LifeStateMachine(refresh: nil)
        #expect(life.step(now: start) == .reach)
        #expect(!life.isFailing)
        var delays: [Duration] = []
        var now = start
        for _ in 0..<9 {
            life.lost(now: now, chance: 1)
            guard case .wait(let due) = life.step(now: now), let due else { break }
            delays.append(due - now)
            #expect(life.step(now: due) == .reach)
            now = due
        }
        #expect(delays == [1, 2, 4, 8, 16, 32, 60, 60, 60].map { .seconds($0) })
        #expect(life.isFailing)
    }

    @Test("servers that went away together come back one after the other")
    func chance() {
        var early = LifeStateMachine(refresh: nil)
        early.lost(now: start, chance: 0)
        #expect(early.step(now: start) == .wait(until: start + .milliseconds(500)))
        var odd = LifeStateMachine(refresh: nil)
        odd.lost(now: start, chance: .infinity)
        #expect(odd.step(now: start) == .wait(until: start + .seconds(1)))
    }

    @Test("a session that lasted has what failed before it forgotten; one that broke at once has not")
    func trial() {
        var life = LifeStateMachine(refresh: nil)
        life.lost(now: start, chance: 1)
        life.lost(now: start, chance: 1)
        life.reached(now: start)
        life.lost(now: start + .seconds(1), chance: 1)
        #expect(life.step(now: start + .seconds(1)) == .wait(until: start + .seconds(5)))
        life.reached(now: start + .seconds(5))
        life.lost(now: start + .seconds(15), chance: 1)
        #expect(life.step(now: start + .seconds(15)) == .wait(until: start + .seconds(16)))
    }

    @Test("words of changes are gathered before the lists are read; words that keep coming are gathered longer")
    func pace() {
        var life = LifeStateMachine(refresh: nil)
        life.reached(now: start)
        let later = start + .seconds(60)
        life.heard(now: later)
        life.heard(now: later + .milliseconds(150))
        #expect(life.step(now: later) == .wait(until: later + .milliseconds(200)))
        #expect(life.step(now: later + .milliseconds(200)) == .list)
        var now = later + .milliseconds(200)
        var gaps: [Duration] = []
        for _ in 0..<7 {
            life.listing()
            life.relisted(now: now)
            life.heard(now: now)
            guard case .wait(let due) = life.step(now: now), let due else { break }
            gaps.append(due - now)
            now = due
        }
        #expect(gaps == [400, 800, 1600, 3200, 5000, 5000, 5000].map { .milliseconds($0) })
        life.listing()
        life.relisted(now: now)
        life.heard(now: now + .seconds(30))
        #expect(life.step(now: now + .seconds(30)) == .wait(until: now + .seconds(30) + .milliseconds(200)))
    }

    @Test("a word that comes while the lists are read has them read again")
    func wordWhileListing() {
        var life = LifeStateMachine(refresh: nil)
        life.listing()
        life.heard(now: start)
        life.reached(now: start + .seconds(1))
        #expect(life.step(now: start + .seconds(1)) == .list)
    }

    @Test("the lists are read again after the refresh time")
    func refresh() {
        var life = LifeStateMachine(refresh: .seconds(600))
        life.reached(now: start)
        #expect(life.step(now: start) == .wait(until: start + .seconds(600)))
        #expect(life.step(now: start + .seconds(600)) == .list)
        life.relisted(now: start + .seconds(600))
        #expect(life.step(now: start + .seconds(600)) == .wait(until: start + .seconds(1200)))
        var still = LifeStateMachine(refresh: nil)
        still.reached(now: start)
        #expect(still.step(now: start + .seconds(100_000)) == .wait(until: nil))
    }

    @Test("doubt has the lists read, but not over and over")
    func doubt() {
        var life = LifeStateMachine(refresh: nil)
        life.doubted(now: start)
        #expect(life.step(now: start) == .reach)
        life.reached(now: start)
        life.doubted(now: start + .seconds(9))
        #expect(life.step(now: start + .seconds(9)) == .wait(until: nil))
        life.doubted(now: start + .seconds(10))
        #expect(life.step(now: start + .seconds(10)) == .list)
    }

    @Test("whoever needs the lists anew gets them at once, but callers together no more than once a second")
    func wanted() {
        var life = LifeStateMachine(refresh: nil)
        life.reached(now: start)
        life.wantsList(now: start)
        #expect(life.step(now: start) == .list)
        life.listing()
        life.relisted(now: start)
        life.wantsList(now: start + .milliseconds(100))
        #expect(life.step(now: start + .milliseconds(100)) == .wait(until: start + .seconds(1)))
        #expect(life.step(now: start + .seconds(1)) == .list)
    }
}
