using System.Text.Json;
using Chancery.Contracts.Word;
using Chancery.Server.Contracts.Storing;

namespace Chancery.Server.Contracts.Exchange;

/// <summary>
/// A Word file with its clauses and tracked changes, read in the sandboxed child: <see cref="Read"/> runs there, <see cref="Parse"/> here.
/// </summary>
internal static class WordStructure
{
    /// <summary>How the child is asked for it.</summary>
    public const string Type = "application/x-chancery-contract";

    // What a child says is looked at as any stranger's JSON.
    private static readonly JsonSerializerOptions Strict = new(RevisionTree.Json) { MaxDepth = 64 };

    /// <exception cref="InvalidDataException">It is no Word file that can be read; the message says why.</exception>
    public static string Read(byte[] file)
    {
        using var stream = new MemoryStream(file, writable: false);
        return JsonSerializer.Serialize(ContractWordReader.Read(stream), Strict);
    }

    /// <exception cref="JsonException">That is not what <see cref="Read"/> writes.</exception>
    public static ImportedContract Parse(string text) =>
        JsonSerializer.Deserialize<ImportedContract>(text, Strict) ?? throw new JsonException("The text is empty.");
}
