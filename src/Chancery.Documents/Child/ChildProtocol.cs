using System.Text.Json.Serialization;

namespace Chancery.Documents;

/// <summary>
/// What passes between the server and its reading child. In: a request as one length-prefixed JSON, then the document in
/// length-prefixed pieces, an empty one last. Out: JSON lines, of which <see cref="Done"/> or <see cref="Failed"/> is the last.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Header), "header")]
[JsonDerivedType(typeof(Page), "page")]
[JsonDerivedType(typeof(Failed), "failed")]
[JsonDerivedType(typeof(Done), "done")]
internal abstract record ChildReply
{
    public sealed record Header(int? PageCount, string? Title, string? Author) : ChildReply;

    /// <param name="Blocks"><see cref="BlockNumbers"/> of each block, one after the other.</param>
    /// <param name="Places">Of each block; null where none has one.</param>
    public sealed record Page(int Number, string Text, IReadOnlyList<int> Blocks, IReadOnlyList<string?>? Places = null)
        : ChildReply
    {
        /// <summary>Kind, start, length, level and row.</summary>
        public const int BlockNumbers = 5;

        public string? Label { get; init; }

        /// <param name="origin">Where the page's text begins in the text that the blocks count in.</param>
        public static Page Of(int number, string text, IReadOnlyList<TextBlock> blocks, int origin = 0) =>
            new(
                number,
                text,
                [
                    .. blocks.SelectMany(block =>
                        new[] { (int)block.Kind, block.Start - origin, block.Length, block.Level, block.Row }
                    ),
                ],
                blocks.Any(block => block.Place is not null) ? [.. blocks.Select(block => block.Place)] : null
            );
    }

    public sealed record Failed(ReadFailure Failure, string Reason) : ChildReply;

    public sealed record Done : ChildReply;
}

/// <param name="FromPage">From 1.</param>
internal sealed record ChildRequest(string Type, int FromPage);

[JsonSerializable(typeof(ChildRequest))]
[JsonSerializable(typeof(ChildReply))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true
)]
internal sealed partial class ChildJson : JsonSerializerContext;
