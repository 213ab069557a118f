// One soft tone, made here: two low sine waves that fade within a third of a second.

const NOTES_HZ = [523.25, 659.25];
const LENGTH_S = 0.32;
const LOUDNESS = 0.06;
let audio = null;

/** Play the tone. Browsers keep silent until somebody has pressed something on the page. */
export async function playTone() {
  audio ??= new AudioContext();
  if (audio.state === "suspended") await audio.resume();
  NOTES_HZ.forEach((pitch, place) => {
    const begin = audio.currentTime + place * 0.09;
    const wave = new OscillatorNode(audio, { frequency: pitch });
    const volume = new GainNode(audio, { gain: 0 });
    volume.gain.setValueAtTime(0, begin);
    volume.gain.linearRampToValueAtTime(LOUDNESS, begin + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, begin + LENGTH_S);
    wave.connect(volume).connect(audio.destination);
    wave.start(begin);
    wave.stop(begin + LENGTH_S);
  });
}
