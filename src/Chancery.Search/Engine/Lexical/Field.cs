namespace Chancery.Search.Engine.Lexical;

/// <summary>The fields of a passage, in the order in which postings hold them.</summary>
internal enum Field
{
    Title,
    Heading,
    Body,
}
