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

    /// <param name="Blocks">Kind, start, length and level of each block, one after the other.</param>
    public sealed record Page(int Number, string Text, IReadOnlyList<int> Blocks) : ChildReply;

    public sealed record Failed(ReadFailure Failure, string Reason) : ChildReply;

    public sealed record Done : ChildReply;
}

/// <param name="FromPage">From 1.</param>
internal sealed record ChildRequest(string Type, int FromPage);

[JsonSerializable(typeof(ChildRequest))]
[JsonSerializable(typeof(ChildReply))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
internal sealed partial class ChildJson : JsonSerializerContext;
