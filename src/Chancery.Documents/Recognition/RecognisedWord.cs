namespace Chancery.Documents;

/// <summary>A word that was recognised, with the pixels that it covers.</summary>
/// <param name="Line">Numbers the lines of a page; words of one line follow each other.</param>
/// <param name="Paragraph">Numbers the paragraphs of a page.</param>
/// <param name="Confidence">0 to 100, as the program that recognised it thinks.</param>
internal readonly record struct RecognisedWord(string Text, Extent Box, int Line, int Paragraph, float Confidence);

/// <summary>An image's words.</summary>
/// <param name="Number">Of the image in its file, from 1.</param>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
internal sealed record RecognisedImage(int Number, int Width, int Height, IReadOnlyList<RecognisedWord> Words)
{
    /// <summary>Over all letters; 0 where there are none.</summary>
    public float Confidence
    {
        get
        {
            var letters = Words.Sum(word => word.Text.Length);
            return letters == 0 ? 0 : Words.Sum(word => word.Confidence * word.Text.Length) / letters;
        }
    }
}
