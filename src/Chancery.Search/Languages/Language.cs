namespace Chancery.Search.Languages;

/// <summary>The languages that words are stemmed in, and the rest, in which they are only folded.</summary>
public enum Language : byte
{
    English,
    German,
    French,
    Spanish,
    Italian,
    Portuguese,
    Dutch,
    Other,
}
