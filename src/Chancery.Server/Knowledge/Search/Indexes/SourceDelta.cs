using Chancery.Search.Engine;
using Chancery.Server.Knowledge.Revisions;

namespace Chancery.Server.Knowledge.Search.Indexes;

/// <summary>What brings an index from one revision to a later one.</summary>
/// <param name="Revision">Where the index stands once it is applied.</param>
/// <param name="Rewritten">Documents whose passages are taken out before <paramref name="Passages"/> come in.</param>
/// <param name="Documents">New attributes of others.</param>
/// <param name="Vectors">For passages that are there already.</param>
internal sealed record SourceDelta(
    IndexRevision Revision,
    IReadOnlyCollection<Guid> Rewritten,
    IReadOnlyList<SourcePassage> Passages,
    IReadOnlyList<SourceDocument> Documents,
    IReadOnlyList<SourceVector> Vectors
)
{
    /// <summary>Passages, documents and vectors that it touches.</summary>
    public int Size => Passages.Count + Rewritten.Count + Documents.Count + Vectors.Count;

    public bool HasVectors => Vectors.Count > 0 || Passages.Any(passage => passage.Vector is not null);

    public static SourceDelta None(IndexRevision revision) => new(revision, [], [], [], []);

    /// <param name="usable">The vector, or none where it cannot be used.</param>
    public IndexChanges ToChanges(Func<float[]?, ReadOnlyMemory<float>> usable) =>
        new(Revision)
        {
            RemovedDocuments = Rewritten,
            Passages = SourcePassage.ToIndexed(Passages, usable),
            Documents =
            [
                .. Documents.Select(document => new IndexedDocument(document.DocumentId)
                {
                    CollectionId = document.CollectionId,
                    Date = document.CreatedAt,
                    Tags = document.Tags,
                    Readers = [SourcePassage.MarkOf(document.ListId, document.CollectionId)],
                }),
            ],
            Vectors =
            [
                .. Vectors
                    .Select(one => new PassageVector(one.ChunkId, usable(one.Vector)))
                    .Where(one => one.Vector.Length > 0),
            ],
        };
}

/// <summary>What has to be read for a run of changes: of each document the most that any of them asks for.</summary>
/// <param name="Revision">Of the last change that is covered; the rest comes with the next plan.</param>
/// <param name="Embedded">Passages that got a vector.</param>
/// <param name="EmbeddedDocuments">Documents whose entry does not tell which of their passages did.</param>
internal sealed record DeltaPlan(
    IndexRevision Revision,
    Guid[] Rewritten,
    Guid[] Described,
    Guid[] Embedded,
    Guid[] EmbeddedDocuments
)
{
    /// <param name="changes">At least one, in order.</param>
    /// <param name="mostPassages">After which the plan ends, once it has a change: a document is never divided.</param>
    public static DeltaPlan Of(IReadOnlyList<SourceChange> changes, int mostPassages)
    {
        var rewritten = new HashSet<Guid>();
        var described = new HashSet<Guid>();
        var embedded = new HashSet<Guid>();
        var embeddedDocuments = new HashSet<Guid>();
        var passages = 0L;
        var last = changes[0];
        foreach (var change in changes)
        {
            passages += CostOf(change);
            if (passages > mostPassages && change != changes[0])
            {
                break;
            }

            last = change;
            switch (change.Kind)
            {
                case ChangeKind.Access when change.DocumentId == RevisionLog.NoDocument:
                    // Of a group or a collection: what readers find is asked anew, and no document changed.
                    break;
                case ChangeKind.Tags or ChangeKind.Moved or ChangeKind.Access:
                    described.Add(change.DocumentId);
                    break;
                case ChangeKind.Vectors when change.Chunks.Length > 0:
                    embedded.UnionWith(change.Chunks);
                    break;
                case ChangeKind.Analysis:
                    break;
                case ChangeKind.Vectors:
                    embeddedDocuments.Add(change.DocumentId);
                    break;
                default:
                    // Of a kind that is not known yet, too: reading a document anew is always right.
                    rewritten.Add(change.DocumentId);
                    break;
            }
        }

        return new DeltaPlan(
            new IndexRevision(last.Revision, last.Token),
            [.. rewritten],
            [.. described.Except(rewritten)],
            [.. embedded],
            [.. embeddedDocuments.Except(rewritten)]
        );

        int CostOf(SourceChange change) =>
            change.Kind switch
            {
                ChangeKind.Tags or ChangeKind.Moved or ChangeKind.Access or ChangeKind.Deleted => 1,
                ChangeKind.Analysis => 0,
                ChangeKind.Vectors when change.Chunks.Length > 0 => change.Chunks.Length,
                _ => rewritten.Contains(change.DocumentId) ? 0 : change.Passages,
            };
    }
}
