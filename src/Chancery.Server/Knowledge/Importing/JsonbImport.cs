using Chancery.Server.Platform.Backup;

namespace Chancery.Server.Knowledge.Importing;

/// <summary>Why a row was not imported.</summary>
internal sealed record FailedRow(string Row, string Reason);

/// <summary>How far an import has come.</summary>
internal sealed class ImportTally
{
    // Enough to see what is wrong with a table; a million of them would hide it.
    private const int MostTold = 100;

    private readonly List<FailedRow> _failures = [];

    public long Total { get; set; }
    public long Read { get; private set; }

    /// <summary>Imported by this run, or found fit by one that writes nothing.</summary>
    public long Migrated { get; private set; }

    /// <summary>Imported by a run before.</summary>
    public long Already { get; private set; }
    public long Failed { get; private set; }

    /// <summary>Rows of this run that stand here with their vector; null where that was not counted.</summary>
    public long? Counted { get; set; }

    /// <summary>Rows whose text and vector were compared with the foreign table's.</summary>
    public int Sampled { get; set; }

    /// <summary>Those of them that were not the same.</summary>
    public int Different { get; set; }

    public bool Interrupted { get; set; }

    /// <summary>The first of them.</summary>
    public IReadOnlyList<FailedRow> Failures => _failures;

    public bool IsWell => Failed == 0 && Different == 0 && (Counted is null || Counted == Migrated);

    public void Fail(string row, string reason)
    {
        Failed++;
        if (_failures.Count < MostTold)
        {
            _failures.Add(new FailedRow(row, reason));
        }
    }

    public void Take(int read) => Read += read;

    public void Add(int migrated) => Migrated += migrated;

    public void Know(int already) => Already += already;
}

/// <summary>
/// Moves the rows of a foreign table into an organisation, a hundred at a time. It goes on behind what an earlier run imported, and
/// what it has imported stays when it is cut off.
/// </summary>
internal sealed class JsonbImport(ImportStore store, int dimensions)
{
    /// <summary>Rows of a batch, and of a step of progress.</summary>
    public const int BatchRows = 100;

    private const int SampleRows = 100;

    /// <param name="target">Null reads and checks everything and writes nothing.</param>
    /// <param name="tally">Says how far it came, also where it was cut off.</param>
    /// <exception cref="OperationCanceledException">Cut off: the batch that was being written is not there.</exception>
    public async Task RunAsync(
        ForeignTable table,
        ImportTarget? target,
        ImportTally tally,
        IProgress<BackupProgress> progress,
        Action<ImportTally> told,
        CancellationToken cancellationToken
    )
    {
        tally.Total = await table.CountAsync(cancellationToken);
        var sample = new Dictionary<string, ImportedPassage>(StringComparer.Ordinal);
        var batch = new List<ForeignRow>(BatchRows);
        await foreach (var row in table.ReadAsync(cancellationToken))
        {
            batch.Add(row);
            if (batch.Count == BatchRows)
            {
                await FlushAsync();
            }
        }

        await FlushAsync();
        if (target is not null)
        {
            progress.Report(new BackupProgress("Comparing", 0, null, "rows"));
            tally.Counted = await store.CountAsync(target, cancellationToken);
            await CompareAsync(target, sample, tally, cancellationToken);
        }

        async Task FlushAsync()
        {
            if (batch.Count == 0)
            {
                return;
            }

            foreach (var passage in await MoveAsync(batch, target, tally, cancellationToken))
            {
                Remember(sample, passage, tally.Migrated);
            }

            batch.Clear();
            progress.Report(
                new BackupProgress(target is null ? "Checking" : "Importing", tally.Read, tally.Total, "rows")
            );
            told(tally);
        }
    }

    /// <returns>What was imported.</returns>
    private async Task<IReadOnlyList<ImportedPassage>> MoveAsync(
        List<ForeignRow> rows,
        ImportTarget? target,
        ImportTally tally,
        CancellationToken cancellationToken
    )
    {
        var known = target is null
            ? new HashSet<string>()
            : await store.KnownAsync(target.Tenant, target.Source, [.. rows.Select(row => row.Id)], cancellationToken);
        var passages = new List<ImportedPassage>(rows.Count);
        foreach (var row in rows.Where(row => !known.Contains(row.Id)))
        {
            switch (ImportedPassage.Of(row, dimensions))
            {
                case ({ } passage, _):
                    passages.Add(passage);
                    break;
                case (_, var reason):
                    tally.Fail(row.Id, reason!);
                    break;
            }
        }

        if (target is not null && passages.Count > 0)
        {
            await store.AddAsync(target, passages, cancellationToken);
        }

        tally.Take(rows.Count);
        tally.Know(known.Count);
        tally.Add(passages.Count);
        return passages;
    }

    /// <summary>Any hundred of them, each as likely as every other: which it replaces is drawn.</summary>
    private static void Remember(Dictionary<string, ImportedPassage> sample, ImportedPassage passage, long seen)
    {
        if (sample.Count < SampleRows)
        {
            sample[passage.RowId] = passage;
            return;
        }

        var drawn = Random.Shared.NextInt64(seen);
        if (drawn < SampleRows)
        {
            sample.Remove(sample.Keys.ElementAt((int)drawn));
            sample[passage.RowId] = passage;
        }
    }

    private async Task CompareAsync(
        ImportTarget target,
        Dictionary<string, ImportedPassage> sample,
        ImportTally tally,
        CancellationToken cancellationToken
    )
    {
        var stored = (await store.StoredAsync(target, [.. sample.Keys], cancellationToken)).ToDictionary(
            row => row.RowId,
            StringComparer.Ordinal
        );
        tally.Sampled = sample.Count;
        tally.Different = sample.Values.Count(passage =>
            !stored.TryGetValue(passage.RowId, out var row)
            || row.Text != passage.Text
            || !row.Vector.AsSpan().SequenceEqual(passage.Vector)
        );
    }
}
