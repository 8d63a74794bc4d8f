using System.Text.Json;
using Chancery.Contracts;
using Chancery.Contracts.Reading;
using Chancery.Contracts.Word;
using Chancery.Documents;
using Chancery.Server.Knowledge.Ingestion;

namespace Chancery.Server.Contracts.Exchange;

/// <summary>A file as a contract: its text, and the steps of its tracked changes where it has any.</summary>
internal sealed record ReadFile(
    IReadOnlyList<ImportedRevision> Steps,
    IReadOnlyList<WordComment> Comments,
    IReadOnlyList<string> Warnings
)
{
    public ContractText Text => Steps[^1].Text;

    /// <summary>What the file says of the revision that it was made of; a stranger may have written it.</summary>
    public string? Mark { get; init; }
}

/// <summary>Reads files of strangers as contracts, in the sandboxed child. Safe for concurrent use.</summary>
internal sealed class ContractFiles(Readers readers)
{
    private const int MostCharacters = 5_000_000;

    /// <param name="name">The file's, for a title where its text has none.</param>
    /// <exception cref="DocumentUnreadableException">It cannot be read; its reason is for people.</exception>
    public async Task<ReadFile> ReadAsync(
        Stream content,
        MediaType type,
        string name,
        CancellationToken cancellationToken
    )
    {
        var reader = await readers.GetAsync(cancellationToken);
        var read =
            type == MediaTypes.Word
                ? await ReadWordAsync(reader, content, cancellationToken)
                : await ReadTextAsync(reader, content, type, name, cancellationToken);
        foreach (var step in read.Steps)
        {
            if (step.Text.FindFaults() is { Count: > 0 } faults)
            {
                throw new DocumentUnreadableException(
                    ReadFailure.Malformed,
                    $"It cannot be kept as a contract: {string.Join(" ", faults.Take(3))}"
                );
            }
        }

        return read.Text.Clauses.Count > 0
            ? read
            : throw new DocumentUnreadableException(ReadFailure.Empty, "There is no text in it.");
    }

    private static async Task<ReadFile> ReadWordAsync(
        DocumentReader reader,
        Stream content,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var imported = WordStructure.Parse(
                await reader.ReadStructureAsync(content, WordStructure.Type, cancellationToken)
            );
            return new ReadFile(
                imported.Steps.Count > 0 ? imported.Steps : [new ImportedRevision(null, null, imported.Text)],
                imported.Comments,
                imported.Warnings
            )
            {
                Mark = imported.Mark,
            };
        }
        catch (JsonException cause)
        {
            throw new DocumentUnreadableException(ReadFailure.Malformed, "The Word file could not be read.", cause);
        }
    }

    private static async Task<ReadFile> ReadTextAsync(
        DocumentReader reader,
        Stream content,
        MediaType type,
        string name,
        CancellationToken cancellationToken
    )
    {
        var text = new JoinedPages();
        await foreach (var item in reader.ReadAsync(content, type, cancellationToken: cancellationToken))
        {
            if (item is ReadItem.Page page)
            {
                text.Add(page.Content);
            }

            if (text.Length > MostCharacters)
            {
                throw new DocumentUnreadableException(
                    ReadFailure.TooLarge,
                    $"A contract has at most {MostCharacters:#,0} characters."
                );
            }
        }

        var read = ContractTextReader.Read(
            text.ToString(),
            new ReadingHints { Title = Path.GetFileNameWithoutExtension(name) }
        );
        return new ReadFile([new ImportedRevision(null, null, read.Text)], [], read.Warnings);
    }
}
