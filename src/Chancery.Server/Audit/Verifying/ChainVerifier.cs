using System.Globalization;
using System.Security.Cryptography;
using Chancery.Server.Audit.Chain;
using Chancery.Server.Audit.Heads;

namespace Chancery.Server.Audit.Verifying;

/// <summary>
/// Computes a chain again, from what it is anchored to up to its end, in pages: its memory does not grow with the chain. Safe for
/// concurrent use.
/// </summary>
internal sealed class ChainVerifier(IAuditKeys keys, TimeProvider time)
{
    /// <summary>Told in full; beyond that they are counted.</summary>
    public const int MostFindings = 100;

    private const int MostRestarts = 3;

    /// <param name="given">Heads that were handed out, of this tenant or others; only they prove the end.</param>
    public async Task<ChainReport> VerifyAsync(
        ChainSource source,
        Guid tenant,
        IReadOnlyList<SignedHead> given,
        CancellationToken cancellationToken
    )
    {
        // What was signed since then cannot have been let go of.
        var youngest = time.GetUtcNow() - TimeSpan.FromDays(AuditSettings.LeastDays);
        for (var restarts = 0; ; restarts++)
        {
            using var run = new Run(keys, source, tenant, [.. given.Where(head => head.TenantId == tenant)], youngest);
            await run.ReadAsync(cancellationToken);
            var report = run.Report();
            // Where retention let go of something meanwhile, what is missing was not taken out by a stranger.
            if (report.IsWhole || restarts == MostRestarts || !await run.WasLetGoAsync(cancellationToken))
            {
                return report;
            }
        }
    }

    private sealed class Run(
        IAuditKeys keys,
        ChainSource source,
        Guid tenant,
        List<SignedHead> given,
        DateTimeOffset youngest
    ) : IDisposable
    {
        private readonly List<ChainFinding> _findings = [];
        private readonly List<string> _notes = [];
        private readonly Dictionary<string, ECDsa?> _keys = new(StringComparer.Ordinal);
        private readonly Dictionary<string, ImportedKey?> _imported = new(StringComparer.Ordinal);
        private ChainState _state = new(0, EntryHash.Genesis, 0, EntryHash.Genesis, 0, null);
        private long _found;
        private long _entries;
        private long _first;
        private long _last;
        private byte[] _lastHash = EntryHash.Genesis;
        private long _heads;
        private long _highestHead;
        private long _erased;
        private long _proven;

        public ChainReport Report() =>
            new(
                tenant,
                _found == 0,
                _entries,
                _first,
                _last,
                Convert.ToHexStringLower(_lastHash),
                _state.AnchorSeq,
                _heads,
                _erased,
                given.Count == 0 || _proven == 0 ? TailState.Unproven
                    : _proven == _last ? TailState.Proven
                    : TailState.ProvenInPart,
                _proven,
                _findings,
                _found,
                _notes
            );

        public async Task ReadAsync(CancellationToken cancellationToken)
        {
            await CheckSignaturesAsync(cancellationToken);
            if (await source.StateAsync(tenant, cancellationToken) is { } state)
            {
                _state = state;
            }
            else if (await source.LoneAsync(tenant, cancellationToken) is { } lone)
            {
                Find(FindingKind.Chain, lone, "There are entries, and nothing that says where they begin and end.");
                _state = _state with { Seq = lone, Highest = lone };
            }

            // Also what is said to be let go of, or to be no part of the chain yet.
            var through = Math.Max(_state.Seq, _state.Highest ?? 0);
            (_last, _lastHash) = (_state.AnchorSeq, _state.AnchorHash);
            await CheckAnchorAsync(cancellationToken);
            CheckGivenThatWentBy();
            var after = long.MinValue;
            while (true)
            {
                var page = await source.EntriesAsync(tenant, after, through, cancellationToken);
                var end = page.Count < ChainSource.Page ? through : page[^1].Seq;
                var heads = (await source.HeadsAsync(tenant, after, end, cancellationToken)).ToLookup(head => head.Seq);
                await CheckPageAsync(page, heads, cancellationToken);
                if (page.Count < ChainSource.Page)
                {
                    break;
                }

                after = end;
            }

            await CheckEndAsync(
                await source.HeadsAsync(tenant, through, long.MaxValue, cancellationToken),
                cancellationToken
            );
        }

        private async Task CheckPageAsync(
            IReadOnlyList<AuditEntry> page,
            ILookup<long, SignedHead> heads,
            CancellationToken cancellationToken
        )
        {
            foreach (var entry in page)
            {
                if (entry.Seq > _last + 1 && _last >= _state.AnchorSeq)
                {
                    Find(
                        FindingKind.Gap,
                        _last + 1,
                        entry.Seq == _last + 2
                            ? Text($"Entry {_last + 1} is missing.")
                            : Text($"Entries {_last + 1} to {entry.Seq - 1} are missing.")
                    );
                }
                else if (entry.Seq <= _state.AnchorSeq)
                {
                    Find(
                        FindingKind.Chain,
                        entry.Seq,
                        Text($"Entry {entry.Seq} is there, and the chain begins behind it.")
                    );
                }

                CheckEntry(entry);
                foreach (var head in heads[entry.Seq])
                {
                    await CheckHeadAsync(head, entry.Hash, cancellationToken);
                }

                CheckGiven(entry.Seq, entry.Hash);
            }

            var there = page.Select(entry => entry.Seq).ToHashSet();
            foreach (
                var head in heads
                    .SelectMany(group => group)
                    .Where(head => !there.Contains(head.Seq) && head.Seq > _state.AnchorSeq)
            )
            {
                _highestHead = Math.Max(_highestHead, head.Seq);
                Find(FindingKind.Gap, head.Seq, Text($"Entry {head.Seq} was signed as the last one, and is missing."));
            }
        }

        private void CheckEntry(AuditEntry entry)
        {
            _entries++;
            _first = _first == 0 ? entry.Seq : _first;
            if (entry.Seq == _last + 1 && !Same(entry.PreviousHash, _lastHash))
            {
                Find(
                    FindingKind.Unlinked,
                    entry.Seq,
                    Text(
                        $"Entry {entry.Seq} does not follow the one before it: one of them is another than was written."
                    )
                );
            }

            if (!Same(EntryHash.Of(entry, entry.PreviousHash), entry.Hash))
            {
                Find(FindingKind.Edited, entry.Seq, Text($"Entry {entry.Seq} is not what was written."));
            }

            CheckPeople(entry);
            (_last, _lastHash) = (entry.Seq, entry.Hash);
        }

        private void CheckPeople(AuditEntry entry)
        {
            if (entry.PeopleId is null)
            {
                return;
            }

            if (entry.KeptHash is null)
            {
                Find(
                    FindingKind.People,
                    entry.Seq,
                    Text($"The names beside entry {entry.Seq} are gone, and were not erased.")
                );
                return;
            }

            var isErased = entry.ErasedAt is not null;
            var isAsWritten =
                Same(entry.KeptHash, entry.PeopleHash ?? [])
                && (
                    isErased
                        ? entry is { Name: null, Email: null, Address: null, Salt: null }
                        : entry
                            is {
                                PersonId: { } person,
                                Name: { } name,
                                Email: { } email,
                                Address: { } address,
                                Salt: { } salt
                            }
                            && Same(EntryHash.OfPeople(salt, person, name, email, address), entry.KeptHash)
                );
            if (!isAsWritten)
            {
                Find(
                    FindingKind.People,
                    entry.Seq,
                    Text($"The names beside entry {entry.Seq} are not those it was written with.")
                );
            }
            else if (isErased)
            {
                _erased++;
            }
        }

        /// <summary>What is let go of was signed: nobody but the installation's key moves the beginning.</summary>
        private async Task CheckAnchorAsync(CancellationToken cancellationToken)
        {
            var anchor = _state.AnchorSeq;
            if (anchor == 0)
            {
                if (!Same(_state.AnchorHash, EntryHash.Genesis))
                {
                    Find(FindingKind.Chain, 0, "What stands before the first entry is not the beginning of a chain.");
                }

                return;
            }

            var heads = await source.HeadsAsync(tenant, anchor - 1, anchor, cancellationToken);
            if (heads.Count == 0)
            {
                Find(
                    FindingKind.Chain,
                    anchor,
                    Text($"The chain begins behind entry {anchor}, for which there is no signed head.")
                );
            }

            foreach (var head in heads)
            {
                await CheckHeadAsync(head, _state.AnchorHash, cancellationToken);
            }

            CheckGiven(anchor, _state.AnchorHash);
        }

        /// <summary>Given heads of what the chain does not hold any more: let go of, or taken out under that name.</summary>
        private void CheckGivenThatWentBy()
        {
            var anchor = _state.AnchorSeq;
            var gone = given.Where(head => head.Seq <= anchor).OrderBy(head => head.Seq).ToLookup(IsYoung);
            foreach (var head in gone[true])
            {
                Find(
                    FindingKind.Gap,
                    head.Seq,
                    Text(
                        $"The given head of entry {head.Seq} was signed on {head.SignedAt:yyyy-MM-dd}, and the chain begins behind entry {anchor}: retention lets go of nothing of the last {AuditSettings.LeastDays} days."
                    )
                );
            }

            // The one that the chain is anchored to is checked like any other.
            var unproven = gone[false].Where(head => head.Seq < anchor).ToList();
            if (unproven is [.., var last])
            {
                _notes.Add(
                    Text(
                        $"Retention let go of everything up to entry {anchor}, also of what {(unproven.Count == 1 ? "a given head vouches" : Text($"{unproven.Count} given heads vouch"))} for, up to entry {last.Seq}: nothing is left to check it against."
                    )
                );
            }
        }

        private bool IsYoung(SignedHead head) => head.SignedAt > youngest;

        private async Task CheckHeadAsync(SignedHead head, byte[] hash, CancellationToken cancellationToken)
        {
            _heads++;
            _highestHead = Math.Max(_highestHead, head.Seq);
            var signed = SignedHead.Parse(head.Jws);
            if (
                signed is null
                || signed.TenantId != tenant
                || signed.Seq != head.Seq
                || signed.KeyId != head.KeyId
                || signed.SignedAt.ToUnixTimeSeconds() != head.SignedAt.ToUnixTimeSeconds()
                || !Same(signed.Hash, head.Hash)
                || !await IsSignedAsync(signed, cancellationToken)
            )
            {
                Find(
                    FindingKind.Signature,
                    head.Seq,
                    Text($"The head of entry {head.Seq} is not what the installation signed.")
                );
            }
            else if (!Same(head.Hash, hash))
            {
                Find(
                    FindingKind.Rewritten,
                    head.Seq,
                    Text($"Entry {head.Seq} is another than the one that was signed.")
                );
            }
        }

        private async Task CheckSignaturesAsync(CancellationToken cancellationToken)
        {
            foreach (var head in given.ToList())
            {
                _heads++;
                if (!await IsSignedAsync(head, cancellationToken))
                {
                    given.Remove(head);
                    Find(
                        FindingKind.Signature,
                        head.Seq,
                        Text($"The given head of entry {head.Seq} is not signed by this installation.")
                    );
                }
            }
        }

        private void CheckGiven(long seq, byte[] hash)
        {
            foreach (var head in given.Where(head => head.Seq == seq))
            {
                if (Same(head.Hash, hash))
                {
                    _proven = Math.Max(_proven, seq);
                }
                else
                {
                    Find(
                        FindingKind.Rewritten,
                        seq,
                        Text($"Entry {seq} is another than the one that the given head was signed for.")
                    );
                }
            }
        }

        private async Task CheckEndAsync(IReadOnlyList<SignedHead> beyond, CancellationToken cancellationToken)
        {
            if (_last < _state.Seq)
            {
                Find(
                    FindingKind.Cut,
                    _last + 1,
                    Text($"The chain ends with entry {_last}, and is said to go on to {_state.Seq}.")
                );
            }
            else if (_last > _state.Seq)
            {
                Find(
                    FindingKind.Chain,
                    _state.Seq,
                    Text($"There are entries to {_last}, and the chain is said to end with {_state.Seq}.")
                );
            }
            else if (!Same(_lastHash, _state.Hash))
            {
                Find(
                    FindingKind.Chain,
                    _last,
                    Text($"The end of the chain is said to have another hash than entry {_last}.")
                );
            }

            // Signed since we looked where the end is; or the end is cut off, and nobody has moved it on.
            var now = beyond.Count == 0 ? null : await source.StateAsync(tenant, cancellationToken);
            foreach (var head in beyond)
            {
                _highestHead = Math.Max(_highestHead, head.Seq);
                if (now is null || now.Seq < head.Seq)
                {
                    Find(
                        FindingKind.Cut,
                        head.Seq,
                        Text($"Entry {head.Seq} was signed as the last one, and the chain ends with {_last}.")
                    );
                }
            }

            if (_highestHead < _state.SignedSeq)
            {
                Find(
                    FindingKind.Chain,
                    _state.SignedSeq,
                    Text($"The head of entry {_state.SignedSeq} was signed, and is missing.")
                );
            }

            foreach (var head in given.Where(head => head.Seq > _last))
            {
                Find(
                    FindingKind.Cut,
                    head.Seq,
                    Text($"A given head vouches for entry {head.Seq}, and the chain ends with {_last}.")
                );
            }
        }

        /// <summary>Whether retention moved the beginning of the chain since it was read.</summary>
        public async Task<bool> WasLetGoAsync(CancellationToken cancellationToken) =>
            (await source.StateAsync(tenant, cancellationToken))?.AnchorSeq > _state.AnchorSeq;

        private async Task<bool> IsSignedAsync(SignedHead head, CancellationToken cancellationToken)
        {
            if (!_keys.TryGetValue(head.KeyId, out var key))
            {
                _keys[head.KeyId] = key = await keys.FindAsync(head.KeyId, cancellationToken);
            }

            return key is null ? await IsSignedElsewhereAsync(head, cancellationToken) : head.IsSignedBy(key);
        }

        /// <summary>A head of a chain that came from another installation, up to where it came.</summary>
        private async Task<bool> IsSignedElsewhereAsync(SignedHead head, CancellationToken cancellationToken)
        {
            if (!_imported.TryGetValue(head.KeyId, out var imported))
            {
                imported = await source.ImportedKeyAsync(tenant, head.KeyId, cancellationToken);
                _imported[head.KeyId] = imported;
                if (imported is not null)
                {
                    _notes.Add(
                        Text(
                            $"The record up to entry {imported.Through} came from another installation, which signed its heads with the key {head.KeyId}."
                        )
                    );
                }
            }

            if (imported is null || head.Seq > imported.Through)
            {
                return false;
            }

            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(imported.PublicKey, out _);
            return head.IsSignedBy(key);
        }

        private void Find(string kind, long seq, string text)
        {
            if (_found++ < MostFindings)
            {
                _findings.Add(new ChainFinding(kind, seq, text));
            }
        }

        private static bool Same(byte[] one, byte[] other) => one.AsSpan().SequenceEqual(other);

        private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

        public void Dispose()
        {
            foreach (var key in _keys.Values)
            {
                key?.Dispose();
            }
        }
    }
}
