using System.Text.RegularExpressions;

namespace Chancery.Server.Tests.Architecture;

/// <summary>
/// Who reads documents whoever may read them: the server's own work, file by file. Whatever answers somebody opens its sessions for
/// them, so that row-level security shows it what they may read.
/// </summary>
public sealed partial class ReaderTests
{
    // What opens a session for the whole tenant, in the capabilities that have to do with documents. A file is added here only when
    // nothing that it reads is shown to anybody but owners, admins and operators, or when it is no document.
    private static readonly string[] Whole =
    [
        // Conversations that are old: ids and times.
        "Answers/Conversations/ConversationRetention.cs",
        "Knowledge/Fetching/FetchStore.cs",
        "Knowledge/Importing/ImportStore.cs",
        "Knowledge/Ingestion/IngestionStore.cs",
        "Knowledge/Ingestion/PublishStore.cs",
        // Which model an organisation is searched with, and how many vectors are there; no texts but those that are encoded.
        "Knowledge/ModelChanges/FormerVectorsHandler.cs",
        "Knowledge/ModelChanges/ModelChangeStore.cs",
        "Knowledge/ModelChanges/ModelChoiceStore.cs",
        "Knowledge/ModelChanges/ModelEstimates.cs",
        "Knowledge/ModelChanges/TenantModels.cs",
        // The log of searches as it is written down; whoever reads it has a session of their own.
        "Knowledge/QueryLog/QueryStore.cs",
        // PostgreSQL's own words of passages, written again.
        "Knowledge/Search/AnalysisStore.cs",
        "Knowledge/Search/Indexes/IndexSource.cs",
        // How many tokens were encoded.
        "Knowledge/TextVectors/MeteredEncoder.cs",
        // Ids of the nearest passages: what a reader gets of them goes through a session of theirs.
        "Knowledge/Vectors/Indexes/IndexedPassages.cs",
        "Knowledge/Vectors/Indexes/VectorIndexKeeper.cs",
        "Knowledge/Vectors/Redis/PassageVectorSource.cs",
        "Knowledge/Vectors/VectorStore.cs",
    ];

    // Where somebody is answered and everything is read all the same, with the reason.
    private static readonly string[] Everything =
    [
        // A collection is deleted by whoever may see it, with all that is in it.
        "Knowledge/Collections/CollectionStore.cs",
        // Progress of a document, read once for all who watch it; each is held against its readers.
        "Knowledge/Progress/ProgressBoard.cs",
    ];

    [Fact]
    public void Documents_are_read_for_somebody_but_where_the_server_works_for_itself()
    {
        var whole = FilesWith(OpensWhole());

        Assert.Equal(Whole.Order(StringComparer.Ordinal), whole);
    }

    [Fact]
    public void Nobody_who_is_answered_is_taken_for_somebody_who_reads_everything()
    {
        var everything = FilesWith(ReadsEverything());

        Assert.Equal(Everything.Order(StringComparer.Ordinal), everything);
    }

    private static IEnumerable<string> FilesWith(Regex pattern) =>
        SourceTree
            .CSharp("src", "Chancery.Server")
            .Where(file => file.Path.Split('/')[0] is "Knowledge" or "Answers" or "Compatibility")
            .Where(file => pattern.IsMatch(SourceTree.WithoutComments(file.Text)))
            .Select(file => file.Path)
            .Order(StringComparer.Ordinal);

    // database.OpenAsync(tenant, …): one tenant, and nobody.
    [GeneratedRegex(@"database\.OpenAsync\(\s*(?:\w+\.)?(?:T|t)enant,\s*cancellationToken\s*\)")]
    private static partial Regex OpensWhole();

    [GeneratedRegex(@"\bReader\.Everything\b|\bReadEverythingAsync\b")]
    private static partial Regex ReadsEverything();
}
