namespace Chancery.Server.Knowledge;

/// <summary>Limits of what people write about a document, in characters.</summary>
internal static class DocumentText
{
    public const int MaxTitle = 300;
    public const int MaxAuthor = 300;
}
