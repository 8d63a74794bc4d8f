using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Knowledge.Tags;
using Chancery.Server.Knowledge.Upload;

namespace Chancery.Server.Knowledge.Importing;

/// <summary>A foreign row as what it becomes here: a document of one page and one passage, which has the row's vector.</summary>
/// <param name="Name">Of the file: it holds the row's text, whatever the row was made from.</param>
internal sealed record ImportedPassage(
    string RowId,
    string Name,
    string Title,
    string Text,
    string[] Tags,
    float[] Vector,
    DateTimeOffset? CreatedAt
)
{
    // What a passage can hold: models read a few thousand tokens, and a page of words has its limits in PostgreSQL.
    public const int MostCharacters = 100_000;

    public Guid DocumentId { get; } = Guid.CreateVersion7();
    public Guid ChunkId { get; } = Guid.CreateVersion7();
    public byte[] Bytes { get; } = Encoding.UTF8.GetBytes(Text);

    /// <summary>Of the text, as stored files and pages are named by it.</summary>
    public byte[] Sha256 => SHA256.HashData(Bytes);

    /// <summary>The passage, or the reason why the row cannot become one.</summary>
    public static (ImportedPassage? Passage, string? Reason) Of(ForeignRow row, int dimensions)
    {
        var (vector, reason) = EmbeddingArray.Read(row.Embedding, dimensions);
        if (vector is null)
        {
            return (null, reason);
        }

        var text = row.Text?.Trim().Normalize(NormalizationForm.FormC) ?? "";
        if (text.Length == 0)
        {
            return (null, "there is no text");
        }

        if (text.Length > MostCharacters)
        {
            return (null, $"the text is longer than {MostCharacters} characters");
        }

        var given = string.IsNullOrWhiteSpace(row.FileName) ? $"row {row.Id}" : row.FileName;
        var name = FileNames.Clean(given);
        var (tags, _) = TagNames.Clean(row.Category is null ? [] : [row.Category]);
        return (
            new ImportedPassage(
                row.Id,
                FileNames.Clean(AsText(name)),
                FileNames.TitleOf(name),
                text,
                tags,
                vector,
                row.CreatedAt
            ),
            null
        );
    }

    // What is kept is the text: a file called .pdf that holds text would open nowhere.
    private static string AsText(string name) =>
        Path.GetExtension(name).ToUpperInvariant() is ".TXT" or ".TEXT" ? name : name + ".txt";
}
