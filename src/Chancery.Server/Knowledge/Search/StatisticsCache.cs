using System.Collections.Concurrent;
using Chancery.Search.Languages;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Search;

/// <summary>
/// How common words are in each tenant's current passages, and what its documents are called, kept as long as the tenant's revision stands. Safe for
/// concurrent use.
/// </summary>
internal sealed class StatisticsCache
{
    private const int MaxTenants = 1000;
    private const int MaxTerms = 20_000;
    private const int MaxReaders = 10_000;
    private const int MaxScopes = 100;

    private readonly ConcurrentDictionary<TenantId, Entry> _entries = new();

    public Entry Of(TenantId tenant, long revision, Guid token)
    {
        if (_entries.TryGetValue(tenant, out var known) && known.Revision == revision && known.Token == token)
        {
            return known;
        }

        // Rebuilt in milliseconds: no need for an order in which entries leave.
        if (_entries.Count >= MaxTenants)
        {
            _entries.Clear();
        }

        return _entries[tenant] = new Entry(revision, token);
    }

    internal sealed class Entry(long revision, Guid token)
    {
        private readonly ConcurrentDictionary<string, int> _frequencies = new(StringComparer.Ordinal);
        private readonly ConcurrentDictionary<string, Sight> _sights = new(StringComparer.Ordinal);
        private readonly ConcurrentDictionary<string, Entry> _scopes = new(StringComparer.Ordinal);

        public long Revision { get; } = revision;

        public Guid Token { get; } = token;

        /// <summary>Null until counted.</summary>
        public int? PassageCount { get; set; }

        /// <summary>Current passages without a vector of a model; null until counted.</summary>
        public (string Model, int Passages)? WithoutVector { get; set; }

        /// <summary>Of the current passages; null until looked for.</summary>
        public LanguageSet? Languages { get; set; }

        /// <summary>Null until read.</summary>
        public IReadOnlyList<TitledDocument>? Titles { get; set; }

        /// <summary>What the reader may find, if it was asked before.</summary>
        public Sight? SightOf(string reader) => _sights.GetValueOrDefault(reader);

        public Sight Remember(string reader, Sight sight)
        {
            if (_sights.Count >= MaxReaders)
            {
                _sights.Clear();
            }

            return _sights[reader] = sight;
        }

        /// <summary>The same of what may be found with this sight: nothing that was counted or read for others is in it.</summary>
        public Entry For(Sight sight)
        {
            if (!sight.Hides)
            {
                return this;
            }

            if (_scopes.Count >= MaxScopes)
            {
                _scopes.Clear();
            }

            return _scopes.GetOrAdd(sight.Scope, _ => new Entry(Revision, Token));
        }

        public int? FrequencyOf(string term) => _frequencies.TryGetValue(term, out var count) ? count : null;

        public void Remember(string term, int frequency)
        {
            if (_frequencies.Count < MaxTerms)
            {
                _frequencies[term] = frequency;
            }
        }
    }
}
