using Chancery.Search.Engine;
using Chancery.Search.Engine.Snapshots;

namespace Chancery.Search.Tests.Engine;

/// <summary>Whatever happened to an index, it answers as one that was built from what it should hold.</summary>
public sealed class ModelTests
{
    private const int Dimensions = 24;

    private static readonly SearchIndexOptions Options = new() { Dimensions = Dimensions, ExactScanRows = 60 };

    [Fact]
    public async Task After_any_changes_merges_and_reopenings_results_are_those_of_an_index_built_from_scratch()
    {
        var directory = Directory.CreateTempSubdirectory("chancery-engine-");
        try
        {
            for (var seed = 0; seed < 25; seed++)
                await RunAsync(new Random(seed), Path.Combine(directory.FullName, $"{seed}.index"), $"Seed {seed}");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task RunAsync(Random random, string path, string seed)
    {
        var model = new Model();
        var index = new SearchIndex(Options);
        var ids = 40 + random.Next(200);
        for (var step = 1; step <= 25; step++)
        {
            switch (random.Next(12))
            {
                case < 7:
                    var changes = Changes(random, ids, step);
                    model.Apply(changes);
                    index.Change(changes);
                    break;
                case < 9:
                    index.Tidy();
                    break;
                case 9:
                    // A batch in the middle of a merge, as chance has it.
                    var merging = Task.Run(() => index.Tidy(everything: true), Made.Cancel);
                    var meanwhile = Changes(random, ids, step);
                    model.Apply(meanwhile);
                    index.Change(meanwhile);
                    await merging;
                    break;
                default:
                    index.Save(path, Made.Cancel);
                    index = Assert.IsType<SnapshotOpening.Opened>(SearchIndex.Open(path, Options, Made.Cancel)).Index;
                    break;
            }

            if (step % 5 == 0)
                Compare(random, index, model, $"{seed}, step {step}");
        }
    }

    private static void Compare(Random random, SearchIndex index, Model model, string when)
    {
        var scratch = new SearchIndex(Options);
        scratch.Change(model.Everything(index.Revision));
        Assert.Equal(scratch.Statistics.Passages, index.Statistics.Passages);
        Assert.Equal(scratch.Statistics.Vectors, index.Statistics.Vectors);
        for (var query = 0; query < 10; query++)
        {
            var request = new SearchRequest
            {
                Text = random.Next(5) == 0 ? "" : Made.Query(random),
                Vector = random.Next(3) == 0 ? default : Made.Vector(random, Dimensions),
                Filter = Made.Filter(random),
                Limit = 1 + random.Next(10),
                Candidates = 1 + random.Next(40),
                MostPerDocument = random.Next(3),
                JoinNeighbours = random.Next(2) == 0,
                MinimumCosine = random.Next(4) == 0 ? 0.1 : null,
            };

            Assert.True(Written(scratch.Search(request)) == Written(index.Search(request)), $"{when}: {request}");
        }
    }

    private static string Written(SearchOutcome outcome) =>
        outcome.Mode
        + string.Concat(outcome.Hits.Select(hit => $"\n{hit} {string.Join(' ', hit.Neighbours.Select(Made.Number))}"));

    private static IndexChanges Changes(Random random, int ids, int step) =>
        new(Made.Revision(step))
        {
            DropVectors = random.Next(15) == 0,
            RemovedDocuments = Some(() => Made.Document(random.Next(8)).Id, random.Next(6) / 5),
            RemovedPassages = Some(() => Made.Id(random.Next(ids)), random.Next(10)),
            Passages = Some(() => Made.Passage(random, random.Next(ids), Dimensions), random.Next(3) * random.Next(60)),
            Documents = Some(() => Made.Described(random, random.Next(8)), random.Next(3)),
            Vectors = Some(
                () => new PassageVector(Made.Id(random.Next(ids)), Made.Vector(random, Dimensions)),
                random.Next(2) * random.Next(30)
            ),
            Places = Some(() => new PassagePlace(Made.Id(random.Next(ids)), random.Next(20)), random.Next(10)),
        };

    private static T[] Some<T>(Func<T> make, int count) => [.. Enumerable.Range(0, count).Select(_ => make())];

    /// <summary>What an index should hold.</summary>
    private sealed class Model
    {
        private readonly Dictionary<Guid, IndexedPassage> _passages = [];
        private readonly Dictionary<Guid, IndexedDocument> _documents = [];

        public void Apply(IndexChanges changes)
        {
            if (changes.DropVectors)
                Change(_passages.Keys.ToArray(), passage => passage with { Vector = default });
            foreach (var passage in _passages.Values.ToArray())
            {
                if (
                    changes.RemovedDocuments.Contains(passage.Document.Id)
                    || changes.RemovedPassages.Contains(passage.Id)
                )
                    _passages.Remove(passage.Id);
            }

            foreach (var passage in changes.Passages)
            {
                _passages[passage.Id] = passage;
                _documents[passage.Document.Id] = passage.Document;
            }

            foreach (var document in changes.Documents)
                _documents[document.Id] = document;
            foreach (var (passage, vector) in changes.Vectors)
                Change([passage], found => found with { Vector = vector });
            foreach (var (passage, ordinal) in changes.Places)
                Change([passage], found => found with { Ordinal = ordinal });
        }

        public IndexChanges Everything(IndexRevision revision) =>
            new(revision)
            {
                Passages = [.. _passages.Values.Select(p => p with { Document = _documents[p.Document.Id] })],
            };

        private void Change(Guid[] passages, Func<IndexedPassage, IndexedPassage> change)
        {
            foreach (var passage in passages)
            {
                if (_passages.TryGetValue(passage, out var found))
                    _passages[passage] = change(found);
            }
        }
    }
}
